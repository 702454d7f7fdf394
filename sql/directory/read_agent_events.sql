-- What an agent became on which applied day, oldest first: active, inactive, joined or left.
SELECT happened.day, happened.event, happened.group_id, happened.name
FROM (
    SELECT h.from_day AS day, CASE WHEN h.active THEN 'active' ELSE 'inactive' END AS event,
           NULL::BIGINT AS group_id, concat_ws(', ', h.name, h.email) AS name
    FROM directory.agent_history AS h
    WHERE h.agent_id = %(agent_id)s
    UNION ALL
    SELECT h.from_day, 'joined', h.group_id, g.name
    FROM directory.membership_history AS h
    JOIN directory.groups AS g ON g.group_id = h.group_id
    WHERE h.agent_id = %(agent_id)s
    UNION ALL
    SELECT h.to_day, 'left', h.group_id, g.name
    FROM directory.membership_history AS h
    JOIN directory.groups AS g ON g.group_id = h.group_id
    WHERE h.agent_id = %(agent_id)s AND h.to_day IS NOT NULL
) AS happened
JOIN directory.sync_days AS d ON d.sync_day = happened.day
ORDER BY d.sort_key, d.sync_day, happened.event, happened.group_id;
