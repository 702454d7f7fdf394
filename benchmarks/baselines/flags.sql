-- Set groups.inactive: true iff no active agent belongs to the group or to any group below it.
-- Walks up from the groups that have an active agent; UNION ends the walk on cycles. Writes only what differs.
-- EXISTS, LATERAL with OFFSET 0 and LEFT JOIN are choices of plan: each alternative was slower at size.
WITH RECURSIVE active AS (
    SELECT g.group_id, g.parent_group_id
    FROM groups AS g
    WHERE EXISTS (
        SELECT FROM group_membership AS m JOIN agents AS a USING (agent_id)
        WHERE m.group_id = g.group_id AND a.active
    )
    UNION
    SELECT parent.group_id, parent.parent_group_id
    FROM active
    CROSS JOIN LATERAL (
        SELECT g.group_id, g.parent_group_id FROM groups AS g
        WHERE g.group_id = active.parent_group_id
        OFFSET 0
    ) AS parent
)
UPDATE groups AS target
SET inactive = (active.group_id IS NULL)
FROM groups AS every_group
LEFT JOIN active USING (group_id)
WHERE target.group_id = every_group.group_id
  AND target.inactive IS DISTINCT FROM (active.group_id IS NULL)
