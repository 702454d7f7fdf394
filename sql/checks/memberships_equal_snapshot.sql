-- fail, group_membership: the members of every accepted group that says them are the snapshot's, as far as the agents are known.
SELECT coalesce(s.group_id, t.group_id) AS group_id, coalesce(s.agent_id, t.agent_id) AS agent_id,
       CASE WHEN t.group_id IS NULL THEN 'not stored' ELSE 'not in the snapshot' END AS problem
FROM (
    SELECT m.group_id, m.agent_id
    FROM group_member AS m
    JOIN agents AS a ON a.agent_id = m.agent_id
) AS s
FULL JOIN (
    SELECT m.group_id, m.agent_id
    FROM group_membership AS m
    JOIN group_record AS g ON g.group_id = m.group_id AND g.says_members
) AS t ON t.group_id = s.group_id AND t.agent_id = s.agent_id
WHERE s.group_id IS NULL OR t.group_id IS NULL
