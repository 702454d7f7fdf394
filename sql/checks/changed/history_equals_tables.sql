-- looks at the groups, agents and memberships that this transaction changed
SELECT 'groups' AS found_in, c.group_id, NULL::BIGINT AS agent_id
FROM touched_group AS c
LEFT JOIN groups AS t ON t.group_id = c.group_id
LEFT JOIN group_history AS h ON h.group_id = c.group_id AND h.to_day IS NULL
WHERE (t.group_id, t.name, t.parent_group_id, t.inactive)
      IS DISTINCT FROM (h.group_id, h.name, h.parent_group_id, h.inactive)
UNION ALL
SELECT 'agents', NULL, c.agent_id
FROM touched_agent AS c
LEFT JOIN agents AS t ON t.agent_id = c.agent_id
LEFT JOIN agent_history AS h ON h.agent_id = c.agent_id AND h.to_day IS NULL
WHERE (t.agent_id, t.active, t.name, t.email) IS DISTINCT FROM (h.agent_id, h.active, h.name, h.email)
UNION ALL
SELECT 'group_membership', c.group_id, c.agent_id
FROM touched_membership AS c
LEFT JOIN group_membership AS t ON t.group_id = c.group_id AND t.agent_id = c.agent_id
LEFT JOIN membership_history AS h ON h.group_id = c.group_id AND h.agent_id = c.agent_id AND h.to_day IS NULL
WHERE (t.group_id IS NULL) <> (h.group_id IS NULL)
