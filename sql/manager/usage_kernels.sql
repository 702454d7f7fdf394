-- The kernels of a period with their figures, those of a group and of a session of it together.
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
    f.*,
    known.statistics IS NOT NULL AS has_statistics
FROM manager.kernels_in(tstzrange(:start, :end), CAST(:group_ids AS UUID[])) AS k
JOIN manager.groups AS g ON g.id = k.group_id
JOIN manager.sessions AS s ON s.id = k.session_id
JOIN manager.users AS u ON u.uuid = k.user_uuid
CROSS JOIN LATERAL (
    SELECT coalesce(manager.stored_statistics(k.last_stat), CAST(:live AS JSONB) -> k.id::TEXT) AS statistics
) AS known
CROSS JOIN LATERAL manager.kernel_figures(
    k.occupied_slots, k.resource_opts, k.attached_devices, known.statistics
) AS f
ORDER BY g.domain_name, g.name, s.created_at, s.id, k.created_at, k.id;
