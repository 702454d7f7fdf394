-- In the order of the primary key: half the time of a random order.
INSERT INTO directory.group_membership (group_id, agent_id)
SELECT c.group_id, c.agent_id
FROM membership_change AS c
JOIN directory.agents AS a ON a.agent_id = c.agent_id
WHERE NOT c.is_stored
ORDER BY c.group_id, c.agent_id;
