SELECT (SELECT count(*) FROM group_record) AS groups,
       (SELECT count(*) FROM agent_record WHERE source = 'agents') AS roster_agents,
       (SELECT count(*) FROM (SELECT DISTINCT agent_id FROM agent_record) AS a) AS agents,
       EXISTS (SELECT FROM agents) OR EXISTS (SELECT FROM agent_record) AS is_any_agent_known;
