UPDATE agents AS t
SET (active, {agents}) = ROW (c.active, {c.agents})
FROM agent_change AS c
WHERE c.agent_id = t.agent_id AND c.was_active IS NOT NULL;
