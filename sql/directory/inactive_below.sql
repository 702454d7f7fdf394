-- The number of groups below an inactive group, of its own members, and of all members at and below it.
SELECT count(DISTINCT below.group_id) - 1 AS groups_below,
       count(DISTINCT m.agent_id) FILTER (WHERE below.group_id = %(group_id)s) AS own_members,
       count(DISTINCT m.agent_id) AS members,
       count(DISTINCT m.agent_id) FILTER (WHERE a.active) AS active_members
FROM directory.groups_below(%(group_id)s) AS below
LEFT JOIN directory.group_membership AS m ON m.group_id = below.group_id
LEFT JOIN directory.agents AS a ON a.agent_id = m.agent_id;
