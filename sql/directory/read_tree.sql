-- Groups from the roots downwards, level by level, at most %(limit)s of them. A cycle has no root, so its group with
-- the smallest id is used as one.
WITH RECURSIVE start AS (
    SELECT g.group_id, FALSE AS is_cycle
    FROM directory.groups AS g
    LEFT JOIN directory.groups AS parent ON parent.group_id = g.parent_group_id
    WHERE parent.group_id IS NULL
    UNION ALL
    SELECT c.group_id, TRUE FROM directory.hierarchy_cycles(1) AS c
),
walk AS (
    SELECT s.group_id, s.group_id AS root_id, NULL::BIGINT AS shown_under, 0 AS depth, s.is_cycle
    FROM (SELECT * FROM start ORDER BY group_id) AS s
    UNION ALL
    SELECT child.group_id, walk.root_id, walk.group_id, walk.depth + 1, FALSE
    FROM walk
    CROSS JOIN LATERAL (
        SELECT c.group_id FROM directory.groups AS c WHERE c.parent_group_id = walk.group_id ORDER BY c.group_id OFFSET 0
    ) AS child
    WHERE child.group_id <> walk.root_id
),
shown AS (
    SELECT * FROM walk LIMIT %(limit)s
)
SELECT shown.group_id, shown.shown_under, shown.depth, shown.is_cycle, g.name, g.inactive, g.parent_group_id,
       (SELECT count(*) FROM directory.group_membership AS m WHERE m.group_id = shown.group_id) AS members,
       (SELECT count(*) FROM directory.group_membership AS m
        JOIN directory.agents AS a ON a.agent_id = m.agent_id AND a.active
        WHERE m.group_id = shown.group_id) AS active_members
FROM shown
JOIN directory.groups AS g ON g.group_id = shown.group_id;
