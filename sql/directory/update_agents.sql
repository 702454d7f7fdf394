UPDATE directory.agents AS t
SET email = c.email, name = c.name, active = c.active, created_at = c.created_at, updated_at = c.updated_at
FROM agent_change AS c
WHERE c.agent_id = t.agent_id AND c.was_active IS NOT NULL;
