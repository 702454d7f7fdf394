-- looks at the day's records; the primary keys hold the tables
SELECT 'group records' AS found_in, group_id AS id, count(*) AS times FROM group_record GROUP BY group_id HAVING count(*) > 1
UNION ALL
SELECT 'agent records', agent_id, count(*) FROM agent_record GROUP BY source, agent_id HAVING count(*) > 1
