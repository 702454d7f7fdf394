-- The kernels of a period with their figures; those of a group, and of a session in it, are neighbours.
SELECT
    k.id,
    k.session_id,
    k.container_id,
    k.domain_name,
    k.group_id,
    g.name AS group_name,
    s.name AS name,
    coalesce(k.access_key, s.access_key) AS access_key,
    u.email,
    u.full_name,
    k.agent,
    k.image AS image_id,
    k.status,
    k.status_info,
    k.status_changed,
    k.status_history,
    k.cluster_mode,
    k.created_at,
    CASE WHEN k.status = 'TERMINATED' THEN coalesce(k.terminated_at, k.status_changed) END AS terminated_at,
    jsonb_path_query_array(k.vfolder_mounts, '$[*].host ? (@.type() == "string")') AS nfs,
    f.has_statistics,
    f.cpu_allocated,
    f.cpu_used,
    f.mem_allocated,
    f.mem_used,
    f.shared_memory,
    f.disk_allocated,
    f.disk_used,
    f.io_read,
    f.io_write,
    (f.accelerators).smp AS smp,
    (f.accelerators).mem AS gpu_mem_allocated,
    f.gpu_allocated,
    (f.accelerators).models AS device_type
FROM manager.kernel_usage(tstzrange(:start, :end), CAST(:group_ids AS UUID[]), CAST(:live AS JSONB)) AS f
JOIN manager.kernels AS k ON k.id = f.id
JOIN manager.groups AS g ON g.id = k.group_id
JOIN manager.sessions AS s ON s.id = k.session_id
JOIN manager.users AS u ON u.uuid = k.user_uuid
ORDER BY g.domain_name, g.name, s.created_at, s.id, k.created_at, k.id;
