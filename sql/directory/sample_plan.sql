-- before_name, after_name: of the parents that a moved group had and has; parent_group_id: the one that it has.
SELECT changed.group_id, g.name AS group_name, changed.agent_id, a.name AS agent_name, changed.before, changed.after,
       g.parent_group_id, old_parent.name AS before_name, new_parent.name AS after_name
FROM (
    SELECT group_id, agent_id, before, after
    FROM ({rows}) AS every
    WHERE kind = {kind}
    ORDER BY group_id, agent_id
    LIMIT {limit}
) AS changed
LEFT JOIN groups AS g ON g.group_id = changed.group_id
LEFT JOIN agents AS a ON a.agent_id = changed.agent_id
LEFT JOIN groups AS old_parent
    ON old_parent.group_id = CASE WHEN {kind} = 'groups_moved' THEN changed.before::BIGINT END
LEFT JOIN groups AS new_parent
    ON new_parent.group_id = CASE WHEN {kind} = 'groups_moved' THEN changed.after::BIGINT END
ORDER BY changed.group_id, changed.agent_id;
