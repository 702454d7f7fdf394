-- looks at the groups that this transaction wrote, those whose agents or members changed, and every group above them
-- As the full check: one level down for each of these groups, and an active cycle needs a reason other than itself.
-- The flags of all other groups are unchanged, and were checked before.
WITH RECURSIVE ring (cycle_id, group_id) AS (
    SELECT c.group_id, c.group_id
    FROM found_cycle AS c
    UNION
    SELECT ring.cycle_id, up.parent_group_id
    FROM ring
    CROSS JOIN LATERAL (
        SELECT g.parent_group_id FROM groups AS g WHERE g.group_id = ring.group_id OFFSET 0
    ) AS up
),
scope AS (
    SELECT group_id FROM affected_group
    UNION
    SELECT group_id FROM groups WHERE xmin = pg_current_xact_id()::XID
),
reason AS (
    SELECT g.group_id, g.inactive,
           EXISTS (
               SELECT
               FROM group_membership AS m
               JOIN agents AS a ON a.agent_id = m.agent_id
               WHERE m.group_id = g.group_id AND a.active
           ) AS has_active_member,
           EXISTS (
               SELECT FROM groups AS c WHERE c.parent_group_id = g.group_id AND NOT c.inactive
           ) AS has_active_child
    FROM scope
    JOIN groups AS g ON g.group_id = scope.group_id
),
founded AS (
    SELECT ring.cycle_id
    FROM ring
    JOIN group_membership AS m ON m.group_id = ring.group_id
    JOIN agents AS a ON a.agent_id = m.agent_id
    WHERE a.active
    UNION
    SELECT ring.cycle_id
    FROM ring
    JOIN groups AS below ON below.parent_group_id = ring.group_id AND NOT below.inactive
    LEFT JOIN ring AS beside ON beside.group_id = below.group_id AND beside.cycle_id = ring.cycle_id
    WHERE beside.group_id IS NULL
)
SELECT group_id, inactive, has_active_member, has_active_child
FROM reason
WHERE inactive = (has_active_member OR has_active_child)
UNION ALL
SELECT g.group_id, g.inactive, FALSE, FALSE
FROM ring
JOIN groups AS g ON g.group_id = ring.group_id
WHERE NOT g.inactive AND NOT EXISTS (SELECT FROM founded WHERE founded.cycle_id = ring.cycle_id)
