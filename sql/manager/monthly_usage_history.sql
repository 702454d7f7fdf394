-- Stored figures by month: of every group that may be seen together (group_id NULL), and of the largest ones, which have
-- the most of all CPU, memory and GPU. Of purged groups, of which only these rows are left, the domain counts.
WITH seen AS (
    SELECT
        u.*,
        coalesce(u.cpu_allocated / nullif(sum(u.cpu_allocated) OVER (), 0), 0)
        + coalesce(u.mem_allocated / nullif(sum(u.mem_allocated) OVER (), 0), 0)
        + coalesce(u.gpu_allocated / nullif(sum(u.gpu_allocated) OVER (), 0), 0) AS share
    FROM manager.monthly_usage AS u
    WHERE u.month BETWEEN :first AND :last
      AND (
          u.group_id = ANY (CAST(:group_ids AS UUID[]))
          OR (
              NOT EXISTS (SELECT FROM manager.groups AS g WHERE g.id = u.group_id)
              AND (CAST(:domain_name AS TEXT) IS NULL OR u.domain_name = :domain_name)
              AND :with_purged
          )
      )
),

largest AS (
    SELECT
        s.group_id,
        (array_agg(s.domain_name ORDER BY s.month DESC))[1] AS domain_name,
        (array_agg(s.group_name ORDER BY s.month DESC))[1] AS group_name,
        row_number() OVER (ORDER BY sum(s.share) DESC, s.group_id) AS place
    FROM seen AS s
    GROUP BY s.group_id
)

SELECT
    l.place,
    (SELECT count(*) FROM largest) AS group_count,
    l.group_id,
    l.domain_name,
    l.group_name,
    s.month,
    s.kernels,
    s.kernel_time,
    s.cpu_allocated,
    s.cpu_used,
    s.mem_allocated,
    s.mem_used,
    s.gpu_allocated,
    s.peak_cpu,
    s.peak_mem,
    s.peak_gpu,
    s.total_resource_slots AS "limit"
FROM largest AS l
JOIN seen AS s ON s.group_id = l.group_id
WHERE l.place <= :limit
UNION ALL
SELECT
    0,
    (SELECT count(*) FROM largest),
    NULL,
    NULL,
    NULL,
    s.month,
    sum(s.kernels),
    CASE WHEN count(*) = count(s.kernel_time) THEN sum(s.kernel_time) END,
    sum(s.cpu_allocated),
    sum(s.cpu_used),
    sum(s.mem_allocated),
    sum(s.mem_used),
    sum(s.gpu_allocated),
    NULL,
    NULL,
    NULL,
    NULL
FROM seen AS s
GROUP BY s.month
ORDER BY place, month;
