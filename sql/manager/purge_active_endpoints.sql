SELECT count(*) OVER () AS total, e.id, e.name, e.lifecycle_stage
FROM manager.endpoints AS e
WHERE manager.is_active_stage(e.lifecycle_stage) AND e.project = :group_id
ORDER BY e.name, e.id
LIMIT :listed;
