INSERT INTO pending_membership (group_id, agent_id)
SELECT s.group_id, s.agent_id
FROM group_member AS s
LEFT JOIN agents AS a ON a.agent_id = s.agent_id
WHERE a.agent_id IS NULL
ON CONFLICT DO NOTHING;
