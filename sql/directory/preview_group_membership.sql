SELECT * FROM directory.group_membership ORDER BY group_id, agent_id LIMIT %(limit)s;
