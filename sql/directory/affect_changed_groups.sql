-- The groups whose flags are recomputed: those that are new, gained or lost a child or a member, or have an agent whose
-- status changed, and every group above one of them. Below any other group nothing changed: a group that moved to or
-- from there has its old and its new parent among these. UNION walks a cycle once.
CREATE TEMP TABLE affected_group ON COMMIT DROP AS
WITH RECURSIVE changed (group_id) AS (
    SELECT group_id FROM group_change WHERE has_moved
    UNION ALL
    SELECT parent_group_id FROM group_change WHERE has_moved AND parent_group_id IS NOT NULL
    UNION ALL
    SELECT old_parent_id FROM group_change WHERE has_moved AND old_parent_id IS NOT NULL
    UNION ALL
    SELECT group_id FROM membership_change WHERE is_stored OR is_known
    UNION ALL
    SELECT m.group_id
    FROM group_membership AS m
    JOIN agent_change AS a ON a.agent_id = m.agent_id
    WHERE a.was_active <> a.active
),
affected (group_id) AS (
    SELECT group_id FROM changed
    UNION
    SELECT up.parent_group_id
    FROM affected
    CROSS JOIN LATERAL (
        SELECT g.parent_group_id
        FROM groups AS g
        WHERE g.group_id = affected.group_id AND g.parent_group_id IS NOT NULL
        OFFSET 0
    ) AS up
)
SELECT group_id FROM affected;
