-- The groups that a text names, at most %(limit)s: the one with this id, or else those with this name.
-- path: the groups above, from the top, at most ten of them.
WITH named AS (
    SELECT group_id, name, coalesce(group_id = %(id)s::BIGINT, FALSE) AS is_id
    FROM directory.groups
    WHERE group_id = %(id)s::BIGINT OR lower(btrim(name, E' \t\r\n')) = lower(%(text)s)
)
SELECT n.group_id AS id, n.name,
       (SELECT string_agg(above.name, ' / ' ORDER BY up.distance DESC)
        FROM directory.group_ancestry AS up
        JOIN directory.groups AS above ON above.group_id = up.ancestor_id
        WHERE up.group_id = n.group_id AND up.distance <= 10) AS path
FROM named AS n
WHERE n.is_id OR NOT EXISTS (SELECT FROM named WHERE is_id)
ORDER BY n.group_id
LIMIT %(limit)s;
