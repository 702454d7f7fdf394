-- Rows of one kind with the names of groups and agents; of a group that moved also those of its parents.
-- {groups}, {agents}: the tables that have the names. parent_group_id: the one that the group has.
SELECT changed.group_id, coalesce(g.name, changed.after, changed.before) AS group_name,
       changed.agent_id, coalesce(a.name, a.email) AS agent_name, changed.before, changed.after,
       g.parent_group_id, old_parent.name AS before_name, new_parent.name AS after_name
FROM (
    SELECT group_id, agent_id, before, after,
           CASE WHEN {kind} = 'groups_moved' THEN before::BIGINT END AS old_parent_id,
           CASE WHEN {kind} = 'groups_moved' THEN after::BIGINT END AS new_parent_id
    FROM ({rows}) AS every
    WHERE kind = {kind}
    ORDER BY group_id, agent_id
    LIMIT {limit}
) AS changed
LEFT JOIN {groups} AS g ON g.group_id = changed.group_id
LEFT JOIN {agents} AS a ON a.agent_id = changed.agent_id
LEFT JOIN {groups} AS old_parent ON old_parent.group_id = changed.old_parent_id
LEFT JOIN {groups} AS new_parent ON new_parent.group_id = changed.new_parent_id
ORDER BY changed.group_id, changed.agent_id;
