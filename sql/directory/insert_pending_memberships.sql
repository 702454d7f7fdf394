INSERT INTO pending_membership (group_id, agent_id)
SELECT c.group_id, c.agent_id
FROM membership_change AS c
LEFT JOIN pending_membership AS t ON t.group_id = c.group_id AND t.agent_id = c.agent_id
WHERE NOT c.is_stored AND NOT c.is_known AND t.group_id IS NULL;
