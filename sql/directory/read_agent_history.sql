SELECT h.from_day, h.to_day, 'agent' AS what, NULL::BIGINT AS group_id, h.active, h.name, h.email
FROM directory.agent_history AS h
JOIN directory.sync_days AS d ON d.sync_day = h.from_day
WHERE h.agent_id = %(agent_id)s
UNION ALL
SELECT h.from_day, h.to_day, 'member of', h.group_id, NULL, g.name, NULL
FROM directory.membership_history AS h
JOIN directory.groups AS g ON g.group_id = h.group_id
WHERE h.agent_id = %(agent_id)s
ORDER BY what, group_id, from_day;
