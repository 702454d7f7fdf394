-- A page of the review, and beside each of its rows how many there are of each kind, and which projects hold most that
-- nobody active owns.
WITH found AS MATERIALIZED (
    SELECT manager.access_kind_place(r.kind) AS place, r.*
    FROM manager.access_rows(CAST(:domain_name AS TEXT), NULL, :at) AS r
),
counted AS (
    SELECT coalesce(jsonb_object_agg(c.kind, c.number), '{}') AS counts
    FROM (SELECT f.kind, count(*) AS number FROM found AS f GROUP BY f.kind) AS c
),
-- Of a project without an owner all of it, of others what runs for people who have left.
unowned AS (
    SELECT
        p.domain_name, p.project_name, p.kernels, p.cpu, p.mem, p.gpu, p.folders
    FROM (
        SELECT DISTINCT ON (f.project_id) f.*
        FROM found AS f
        WHERE f.kind IN ('inactive_group_owns_project', 'no_active_member')
        ORDER BY f.project_id, f.place
    ) AS p
    UNION ALL
    SELECT f.domain_name, f.project_name, sum(f.kernels), sum(f.cpu), sum(f.mem), sum(f.gpu), 0
    FROM found AS f
    WHERE f.kind = 'running_kernels' AND NOT EXISTS (
        SELECT FROM found AS whole
        WHERE whole.project_id = f.project_id AND whole.kind IN ('inactive_group_owns_project', 'no_active_member')
    )
    GROUP BY f.project_id, f.domain_name, f.project_name
),
largest AS (
    SELECT coalesce(jsonb_agg(to_jsonb(u) ORDER BY u.kernels DESC, u.folders DESC, u.domain_name, u.project_name), '[]') AS held
    FROM (
        SELECT * FROM unowned AS u
        WHERE u.kernels > 0 OR u.folders > 0
        ORDER BY u.kernels DESC, u.folders DESC, u.domain_name, u.project_name
        LIMIT :largest
    ) AS u
),
total AS (
    SELECT jsonb_build_object(
        'projects', count(*) FILTER (WHERE u.kernels > 0 OR u.folders > 0), 'kernels', coalesce(sum(u.kernels), 0),
        'cpu', coalesce(sum(u.cpu), 0), 'mem', coalesce(sum(u.mem), 0), 'gpu', coalesce(sum(u.gpu), 0),
        'folders', coalesce(sum(u.folders), 0)
    ) AS total
    FROM unowned AS u
)
SELECT counted.counts, largest.held, total.total, page.*
FROM counted
CROSS JOIN largest
CROSS JOIN total
LEFT JOIN (
    SELECT *
    FROM found AS f
    WHERE f.kind = ANY (CAST(:kinds AS TEXT[]))
      AND (f.place, f.domain_name, f.project_name, coalesce(f.email, ''))
          > (CAST(:after_place AS INTEGER), CAST(:after_domain AS TEXT), CAST(:after_project AS TEXT), CAST(:after_email AS TEXT))
    ORDER BY f.place, f.domain_name, f.project_name, coalesce(f.email, '')
    LIMIT :limit
) AS page ON TRUE
ORDER BY page.place, page.domain_name, page.project_name, coalesce(page.email, '');
