INSERT INTO group_history (group_id, from_day, name, parent_group_id, inactive)
SELECT t.group_id, {sync_day}, t.name, t.parent_group_id, t.inactive
FROM touched_group AS c
JOIN groups AS t ON t.group_id = c.group_id
WHERE NOT EXISTS (SELECT FROM group_history AS h WHERE h.group_id = t.group_id AND h.to_day IS NULL);
INSERT INTO agent_history (agent_id, from_day, active, name, email)
SELECT t.agent_id, {sync_day}, t.active, t.name, t.email
FROM touched_agent AS c
JOIN agents AS t ON t.agent_id = c.agent_id
WHERE NOT EXISTS (SELECT FROM agent_history AS h WHERE h.agent_id = t.agent_id AND h.to_day IS NULL);
INSERT INTO membership_history (group_id, agent_id, from_day)
SELECT t.group_id, t.agent_id, {sync_day}
FROM touched_membership AS c
JOIN group_membership AS t ON t.group_id = c.group_id AND t.agent_id = c.agent_id
WHERE NOT EXISTS (
    SELECT FROM membership_history AS h
    WHERE h.group_id = t.group_id AND h.agent_id = t.agent_id AND h.to_day IS NULL
)
ORDER BY t.group_id, t.agent_id;
