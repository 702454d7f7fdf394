-- The members of a group and, where asked for, of the groups below it: today, or after an applied day.
WITH RECURSIVE asked AS (
    SELECT coalesce(%(as_of)s, (SELECT sync_day FROM directory.sync_days ORDER BY sort_key DESC, sync_day DESC LIMIT 1)) AS day
),
of_day AS MATERIALIZED (
    SELECT g.* FROM asked CROSS JOIN LATERAL directory.groups_as_of(asked.day) AS g
),
below (group_id) AS (
    SELECT %(group_id)s::BIGINT
    UNION
    SELECT g.group_id FROM below JOIN of_day AS g ON g.parent_group_id = below.group_id WHERE %(is_below)s
)
SELECT m.group_id, g.name AS group_name, m.agent_id, a.name AS agent_name, a.email, a.active
FROM asked
CROSS JOIN LATERAL directory.memberships_as_of(asked.day) AS m
JOIN below ON below.group_id = m.group_id
JOIN of_day AS g ON g.group_id = m.group_id
JOIN (SELECT a.* FROM asked CROSS JOIN LATERAL directory.agents_as_of(asked.day) AS a) AS a ON a.agent_id = m.agent_id
ORDER BY m.group_id, m.agent_id;
