-- Where the walk starts if only affected flags are computed: the affected groups with an active member, or with an
-- active child that is not affected, whose flag is still valid. LATERAL … LIMIT 1: a look-up per group, never a scan.
CREATE TEMP TABLE active_start ON COMMIT DROP AS
SELECT x.group_id
FROM affected_group AS x
CROSS JOIN LATERAL (
    SELECT
    FROM group_membership AS m
    JOIN agents AS a ON a.agent_id = m.agent_id
    WHERE m.group_id = x.group_id AND a.active
    LIMIT 1
) AS member
UNION
SELECT x.group_id
FROM affected_group AS x
JOIN groups AS child ON child.parent_group_id = x.group_id
WHERE NOT child.inactive
  AND NOT EXISTS (SELECT FROM affected_group AS y WHERE y.group_id = child.group_id);
