INSERT INTO directory.agents (agent_id, email, name, active, created_at, updated_at)
SELECT agent_id, email, name, active, created_at, updated_at
FROM agent_change
WHERE was_active IS NULL
ORDER BY agent_id;
