SELECT * FROM directory.agents ORDER BY agent_id LIMIT %(limit)s;
