-- The groups whose names share the most pieces with a text, at most %(limit)s.
SELECT near.group_id AS id, near.name, NULL AS email
FROM (
    SELECT group_id, name,
           (SELECT count(*) FROM unnest(%(pieces)s::TEXT[]) AS piece WHERE strpos(lower(name), piece) > 0) AS shared
    FROM directory.groups
) AS near
WHERE near.shared > 0
ORDER BY near.shared DESC, length(near.name), near.group_id
LIMIT %(limit)s;
