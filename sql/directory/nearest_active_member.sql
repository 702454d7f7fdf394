-- The nearest group at or below %(group_id)s that has an active member, and that member.
SELECT below.group_id, member.agent_id, member.name, member.email
FROM directory.groups_below(%(group_id)s) AS below
CROSS JOIN LATERAL (
    SELECT a.agent_id, a.name, a.email
    FROM directory.group_membership AS m
    JOIN directory.agents AS a ON a.agent_id = m.agent_id
    WHERE m.group_id = below.group_id AND a.active
    ORDER BY a.agent_id
    LIMIT 1
) AS member
LIMIT 1;
