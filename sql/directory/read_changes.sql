-- Of day_change at most %(of_each)s rows of each kind and %(limit)s in all, some of every kind before many of one, with
-- the names after the applied day %(second)s. counts: of all by kind, the same in each row.
WITH known AS MATERIALIZED (
    SELECT directory.days_until(%(second)s) AS sync_day
),
counted AS MATERIALIZED (
    SELECT kind, count(*) AS rows, array_position(%(kinds)s::TEXT[], kind) AS rank FROM day_change GROUP BY kind
),
shown AS (
    SELECT c.*, counted.rank,
           row_number() OVER (PARTITION BY c.kind ORDER BY c.group_id, c.agent_id) AS place
    FROM counted
    CROSS JOIN LATERAL (
        SELECT * FROM day_change AS c WHERE c.kind = counted.kind ORDER BY c.group_id, c.agent_id LIMIT %(of_each)s
    ) AS c
    ORDER BY place, rank
    LIMIT %(limit)s
)
SELECT s.kind AS change, s.group_id, s.agent_id, s.before, s.after, s.before_name, s.after_name, g.parent_group_id,
       coalesce(g.name, CASE WHEN s.group_id IS NOT NULL THEN coalesce(s.after, s.before) END) AS group_name,
       coalesce(a.name, a.email, CASE WHEN s.group_id IS NULL THEN coalesce(s.after, s.before) END) AS agent_name,
       (SELECT jsonb_object_agg(kind, rows) FROM counted) AS counts
FROM shown AS s
LEFT JOIN directory.group_history AS g
    ON g.group_id = s.group_id AND g.from_day IN (SELECT sync_day FROM known)
    AND (g.to_day IS NULL OR g.to_day NOT IN (SELECT sync_day FROM known))
LEFT JOIN directory.agent_history AS a
    ON a.agent_id = s.agent_id AND a.from_day IN (SELECT sync_day FROM known)
    AND (a.to_day IS NULL OR a.to_day NOT IN (SELECT sync_day FROM known))
ORDER BY s.rank, s.place;
