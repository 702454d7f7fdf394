SELECT told.from_day, told.to_day, told.what, told.group_id, told.active, told.name, told.email
FROM (
    SELECT h.from_day, h.to_day, 'agent' AS what, NULL::BIGINT AS group_id, h.active, h.name, h.email
    FROM directory.agent_history AS h
    WHERE h.agent_id = %(agent_id)s
    UNION ALL
    SELECT h.from_day, h.to_day, 'member of', h.group_id, NULL, g.name, NULL
    FROM directory.membership_history AS h
    JOIN directory.groups AS g ON g.group_id = h.group_id
    WHERE h.agent_id = %(agent_id)s
) AS told
JOIN directory.sync_days AS d ON d.sync_day = told.from_day
ORDER BY told.what, told.group_id, d.sort_key, d.sync_day;
