-- The groups from %(below)s up to %(above)s, both included, lowest first.
SELECT g.group_id, g.name
FROM (
    SELECT %(below)s::BIGINT AS group_id, 0 AS distance
    UNION ALL
    SELECT ancestor_id, distance
    FROM directory.group_ancestry
    WHERE group_id = %(below)s
) AS up
JOIN directory.groups AS g ON g.group_id = up.group_id
WHERE up.distance <= coalesce(
    (SELECT distance FROM directory.group_ancestry WHERE group_id = %(below)s AND ancestor_id = %(above)s), 0
)
ORDER BY up.distance;
