-- D9: stored by the first later sync in which the agent is known, also when the group is absent that day.
INSERT INTO directory.group_membership (group_id, agent_id)
SELECT p.group_id, p.agent_id
FROM directory.pending_membership AS p
JOIN directory.agents AS a ON a.agent_id = p.agent_id
WHERE NOT EXISTS (SELECT FROM group_record AS g WHERE g.group_id = p.group_id)
ON CONFLICT DO NOTHING;
