-- fail, groups: no id occurs twice, neither in the tables nor among the records that count.
SELECT 'groups' AS found_in, group_id AS id, count(*) AS times FROM groups GROUP BY group_id HAVING count(*) > 1
UNION ALL
SELECT 'agents', agent_id, count(*) FROM agents GROUP BY agent_id HAVING count(*) > 1
UNION ALL
SELECT 'group records', group_id, count(*) FROM group_record GROUP BY group_id HAVING count(*) > 1
UNION ALL
SELECT 'agent records', agent_id, count(*) FROM agent_record GROUP BY source, agent_id HAVING count(*) > 1
