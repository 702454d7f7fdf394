SELECT count(*) OVER () AS total, e.id, e.name, e.lifecycle_stage
FROM manager.endpoints AS e
WHERE e.lifecycle_stage IN ('created', 'destroying') AND e.project = :group_id
ORDER BY e.name, e.id
LIMIT :listed;
