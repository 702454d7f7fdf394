-- D11 in one walk upwards from the groups with an active member: linear, and UNION walks a cycle once.
-- EXISTS for the base (a DISTINCT join spills at a small work_mem); LATERAL … OFFSET 0 so that a step is an index
-- look-up and never a scan; LEFT JOIN at the end (NOT EXISTS over the recursion runs it once a row).
WITH RECURSIVE active (group_id) AS (
    SELECT g.group_id
    FROM directory.groups AS g
    WHERE EXISTS (
        SELECT
        FROM directory.group_membership AS m
        JOIN directory.agents AS a ON a.agent_id = m.agent_id AND a.active
        WHERE m.group_id = g.group_id
    )
    UNION
    SELECT up.parent_group_id
    FROM active
    CROSS JOIN LATERAL (
        SELECT g.parent_group_id
        FROM directory.groups AS g
        WHERE g.group_id = active.group_id AND g.parent_group_id IS NOT NULL
        OFFSET 0
    ) AS up
)
UPDATE directory.groups AS t
SET inactive = s.inactive
FROM (
    SELECT g.group_id, active.group_id IS NULL AS inactive
    FROM directory.groups AS g
    LEFT JOIN active ON active.group_id = g.group_id
) AS s
WHERE s.group_id = t.group_id AND s.inactive IS DISTINCT FROM t.inactive;
