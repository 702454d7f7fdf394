-- The group's folders that an active kernel of any group has mounted.
SELECT count(*) OVER () AS total, v.id, v.name, array_agg(DISTINCT k.id ORDER BY k.id) AS kernels
FROM manager.kernels AS k
CROSS JOIN LATERAL unnest(manager.mounted_vfolders(k.vfolder_mounts)) AS mounted (vfolder_id)
JOIN manager.vfolders AS v ON v.id = mounted.vfolder_id
WHERE manager.is_active_status(k.status) AND v."group" = :group_id
GROUP BY v.id
ORDER BY v.name, v.id
LIMIT :listed;
