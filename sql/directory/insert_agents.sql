INSERT INTO agents (agent_id, active, {agents})
SELECT agent_id, active, {agents}
FROM agent_change
WHERE was_active IS NULL
ORDER BY agent_id;
