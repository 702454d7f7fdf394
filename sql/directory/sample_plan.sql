SELECT changed.group_id, g.name AS group_name, changed.agent_id, a.name AS agent_name, changed.before, changed.after
FROM (
    SELECT group_id, agent_id, before, after
    FROM ({rows}) AS every
    WHERE kind = {kind}
    ORDER BY group_id, agent_id
    LIMIT {limit}
) AS changed
LEFT JOIN groups AS g ON g.group_id = changed.group_id
LEFT JOIN agents AS a ON a.agent_id = changed.agent_id
ORDER BY changed.group_id, changed.agent_id;
