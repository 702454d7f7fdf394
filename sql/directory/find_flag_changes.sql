-- D11 for the affected groups, in one walk upwards from active_start: linear, and UNION walks a cycle once. The walk
-- does not step onto other starts. With LATERAL … OFFSET 0 and the scalar subquery a step is two index look-ups and
-- never a scan. LEFT JOIN at the end, since NOT EXISTS would run the recursion once per row.
CREATE TEMP TABLE flag_change ON COMMIT DROP AS
WITH RECURSIVE above (group_id) AS (
    SELECT g.parent_group_id
    FROM active_start AS s
    JOIN groups AS g ON g.group_id = s.group_id
    LEFT JOIN active_start AS parent ON parent.group_id = g.parent_group_id
    WHERE g.parent_group_id IS NOT NULL AND parent.group_id IS NULL
    UNION
    SELECT up.parent_group_id
    FROM above
    CROSS JOIN LATERAL (
        SELECT g.parent_group_id
        FROM groups AS g
        WHERE g.group_id = above.group_id AND g.parent_group_id IS NOT NULL
          AND (SELECT s.group_id FROM active_start AS s WHERE s.group_id = g.parent_group_id) IS NULL
        OFFSET 0
    ) AS up
),
active AS (
    SELECT group_id FROM active_start
    UNION ALL
    SELECT group_id FROM above
)
SELECT t.group_id, active.group_id IS NULL AS inactive
FROM affected_group AS x
JOIN groups AS t ON t.group_id = x.group_id
LEFT JOIN active ON active.group_id = x.group_id
WHERE (active.group_id IS NULL) IS DISTINCT FROM t.inactive;
