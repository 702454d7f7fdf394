-- Where the walk starts if every flag is computed: the groups with an active member. One pass over the memberships.
CREATE TEMP TABLE active_start ON COMMIT DROP AS
SELECT m.group_id
FROM group_membership AS m
JOIN agents AS a ON a.agent_id = m.agent_id
WHERE a.active
GROUP BY m.group_id;
