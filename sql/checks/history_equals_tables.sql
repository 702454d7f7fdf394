-- fail, groups: what the history says of today is what the tables say.
SELECT 'groups' AS found_in, coalesce(t.group_id, h.group_id) AS group_id, NULL::BIGINT AS agent_id
FROM groups AS t
FULL JOIN (SELECT * FROM group_history WHERE to_day IS NULL) AS h ON h.group_id = t.group_id
WHERE (t.group_id, t.name, t.parent_group_id, t.inactive)
      IS DISTINCT FROM (h.group_id, h.name, h.parent_group_id, h.inactive)
UNION ALL
SELECT 'agents', NULL, coalesce(t.agent_id, h.agent_id)
FROM agents AS t
FULL JOIN (SELECT * FROM agent_history WHERE to_day IS NULL) AS h ON h.agent_id = t.agent_id
WHERE (t.agent_id, t.active, t.name, t.email) IS DISTINCT FROM (h.agent_id, h.active, h.name, h.email)
UNION ALL
SELECT 'group_membership', coalesce(t.group_id, h.group_id), coalesce(t.agent_id, h.agent_id)
FROM group_membership AS t
FULL JOIN (SELECT group_id, agent_id FROM membership_history WHERE to_day IS NULL) AS h
    ON h.group_id = t.group_id AND h.agent_id = t.agent_id
WHERE t.group_id IS NULL OR h.group_id IS NULL
