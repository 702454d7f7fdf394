SELECT count(*) OVER () AS total, k.id, k.session_id, k.status
FROM manager.kernels AS k
WHERE manager.is_active_status(k.status)
  AND (k.group_id = :group_id OR k.session_id IN (SELECT s.id FROM manager.sessions AS s WHERE s.group_id = :group_id))
ORDER BY k.created_at, k.id
LIMIT :listed;
