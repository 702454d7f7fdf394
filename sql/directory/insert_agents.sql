-- An agent that only agent_details names is known, and inactive.
INSERT INTO directory.agents (agent_id, email, name, active, created_at, updated_at)
SELECT DISTINCT ON (s.agent_id)
    s.agent_id, s.email, s.name, s.source = 'agents' AND s.active, s.created_at, s.updated_at
FROM agent_record AS s
LEFT JOIN directory.agents AS t ON t.agent_id = s.agent_id
WHERE t.agent_id IS NULL
ORDER BY s.agent_id, s.source DESC;  -- 'agents' after 'agent_details'
