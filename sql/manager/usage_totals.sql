-- Sums per group, or per session of a group, over the kernels of a period.
-- `NOT k IS NOT NULL`: some figure of k is null, so it cannot be read.
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
        coalesce(sum(k.cpu_allocated), 0) AS cpu_allocated,
        coalesce(sum(k.cpu_used), 0) AS cpu_used,
        coalesce(sum(k.mem_allocated), 0) AS mem_allocated,
        coalesce(sum(k.mem_used), 0) AS mem_used,
        coalesce(sum(k.shared_memory), 0) AS shared_memory,
        coalesce(sum(k.disk_allocated), 0) AS disk_allocated,
        coalesce(sum(k.disk_used), 0) AS disk_used,
        coalesce(sum(k.io_read), 0) AS io_read,
        coalesce(sum(k.io_write), 0) AS io_write,
        coalesce(sum((k.accelerators).smp), 0) AS smp,
        coalesce(sum((k.accelerators).mem), 0) AS gpu_mem_allocated,
        coalesce(sum(k.gpu_allocated), 0) AS gpu_allocated,
        manager.union_of((k.accelerators).models) FILTER (WHERE (k.accelerators).models <> '{}') AS device_type,
        count(*) FILTER (WHERE NOT k.has_statistics) AS missing_count,
        count(*) FILTER (WHERE NOT k IS NOT NULL) AS unreadable_count,
        -- ids only until enough are listed: a million kernels may be without statistics
        CASE
            WHEN sum(count(*) FILTER (WHERE NOT k.has_statistics)) OVER so_far
                - count(*) FILTER (WHERE NOT k.has_statistics) < CAST(:listed AS INTEGER)
            THEN (array_agg(k.id) FILTER (WHERE NOT k.has_statistics))[1:CAST(:listed AS INTEGER)]
        END AS missing,
        CASE
            WHEN sum(count(*) FILTER (WHERE NOT k IS NOT NULL)) OVER so_far
                - count(*) FILTER (WHERE NOT k IS NOT NULL) < CAST(:listed AS INTEGER)
            THEN (array_agg(k.id) FILTER (WHERE NOT k IS NOT NULL))[1:CAST(:listed AS INTEGER)]
        END AS unreadable
    FROM manager.kernel_usage(
        tstzrange(:start, :end), CAST(:group_ids AS UUID[]), CAST(:live AS JSONB)
    ) AS k
    GROUP BY 1, 2
    WINDOW so_far AS (ORDER BY k.group_id)
) AS total
JOIN manager.groups AS g ON g.id = total.group_id
LEFT JOIN manager.sessions AS s ON s.id = total.session_id
ORDER BY g.domain_name, g.name, s.created_at, s.id;
