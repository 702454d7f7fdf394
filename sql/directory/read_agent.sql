SELECT agent_id, name, email, active FROM directory.agents WHERE agent_id = %(agent_id)s;
