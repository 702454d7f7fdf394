-- Sums per group, or per session of a group, over the kernels of a period. `NOT f IS NOT NULL`: a figure of f is null.
SELECT
    g.domain_name,
    g.name AS group_name,
    s.name AS session_name,
    total.*
FROM (
    SELECT
        k.group_id,
        CASE WHEN CAST(:by_session AS BOOLEAN) THEN k.session_id END AS session_id,
        count(*) AS kernels,
        coalesce(sum(f.cpu_allocated), 0) AS cpu_allocated,
        coalesce(sum(f.cpu_used), 0) AS cpu_used,
        coalesce(sum(f.mem_allocated), 0) AS mem_allocated,
        coalesce(sum(f.mem_used), 0) AS mem_used,
        coalesce(sum(f.shared_memory), 0) AS shared_memory,
        coalesce(sum(f.disk_allocated), 0) AS disk_allocated,
        coalesce(sum(f.disk_used), 0) AS disk_used,
        coalesce(sum(f.io_read), 0) AS io_read,
        coalesce(sum(f.io_write), 0) AS io_write,
        coalesce(sum(f.smp), 0) AS smp,
        coalesce(sum(f.gpu_mem_allocated), 0) AS gpu_mem_allocated,
        coalesce(sum(f.gpu_allocated), 0) AS gpu_allocated,
        coalesce(manager.union_of(f.device_type) FILTER (WHERE f.device_type <> '{}'), '{}') AS device_type,
        count(*) FILTER (WHERE known.statistics IS NULL) AS missing_count,
        (array_agg(k.id) FILTER (WHERE known.statistics IS NULL))[1:CAST(:listed AS INTEGER)] AS missing,
        count(*) FILTER (WHERE NOT f IS NOT NULL) AS unreadable_count,
        (array_agg(k.id) FILTER (WHERE NOT f IS NOT NULL))[1:CAST(:listed AS INTEGER)] AS unreadable
    FROM manager.kernels_in(tstzrange(:start, :end), CAST(:group_ids AS UUID[])) AS k
    CROSS JOIN LATERAL (
        SELECT coalesce(manager.stored_statistics(k.last_stat), CAST(:live AS JSONB) -> k.id::TEXT) AS statistics
    ) AS known
    CROSS JOIN LATERAL manager.kernel_figures(
        k.occupied_slots, k.resource_opts, k.attached_devices, known.statistics
    ) AS f
    GROUP BY 1, 2
) AS total
JOIN manager.groups AS g ON g.id = total.group_id
LEFT JOIN manager.sessions AS s ON s.id = total.session_id
ORDER BY g.domain_name, g.name, s.created_at, s.id;
