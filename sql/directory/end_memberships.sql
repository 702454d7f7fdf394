INSERT INTO membership_change (group_id, agent_id, is_stored, is_known)
SELECT m.group_id, m.agent_id, TRUE, TRUE
FROM group_membership AS m
JOIN ended_change AS c ON c.group_id = m.group_id;
