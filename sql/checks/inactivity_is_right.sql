-- fail, group_inactivity: the flags equal those of a second computation, which looks one level down.
-- A group is active iff it has an active member or an active child: without cycles this determines every flag, from the
-- leaves up. The groups of a cycle could keep each other active, so an active cycle needs a reason other than itself.
WITH reason AS (
    SELECT g.group_id, g.inactive, staffed.group_id IS NOT NULL AS has_active_member
    FROM groups AS g
    LEFT JOIN (
        SELECT DISTINCT m.group_id
        FROM group_membership AS m
        JOIN agents AS a ON a.agent_id = m.agent_id
        WHERE a.active
    ) AS staffed ON staffed.group_id = g.group_id
),
child AS (
    SELECT parent_group_id AS group_id, bool_or(NOT inactive) AS has_active_child
    FROM groups
    WHERE parent_group_id IS NOT NULL
    GROUP BY parent_group_id
),
cycle_member AS (
    SELECT c.group_id AS cycle_id, member.id::BIGINT AS group_id
    FROM hierarchy_cycles(2147483647) AS c,
         string_to_table(c.path, ' → ') AS member (id)
    GROUP BY c.group_id, member.id
),
unfounded_cycle AS (
    SELECT on_cycle.cycle_id
    FROM cycle_member AS on_cycle
    JOIN reason ON reason.group_id = on_cycle.group_id
    LEFT JOIN groups AS below ON below.parent_group_id = on_cycle.group_id AND NOT below.inactive
    LEFT JOIN cycle_member AS beside ON beside.group_id = below.group_id AND beside.cycle_id = on_cycle.cycle_id
    GROUP BY on_cycle.cycle_id
    HAVING NOT bool_or(reason.has_active_member OR (below.group_id IS NOT NULL AND beside.group_id IS NULL))
)
SELECT reason.group_id, reason.inactive, reason.has_active_member, coalesce(child.has_active_child, FALSE) AS has_active_child
FROM reason
LEFT JOIN child ON child.group_id = reason.group_id
WHERE reason.inactive = (reason.has_active_member OR coalesce(child.has_active_child, FALSE))
UNION ALL
SELECT reason.group_id, reason.inactive, FALSE, FALSE
FROM unfounded_cycle
JOIN cycle_member ON cycle_member.cycle_id = unfounded_cycle.cycle_id
JOIN reason ON reason.group_id = cycle_member.group_id
WHERE NOT reason.inactive
