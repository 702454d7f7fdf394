-- What people decided about the day, the newest first.
SELECT decision, plan_id, decided_by, reason, decided_at
FROM directory.sync_decisions
WHERE sync_day = %(sync_day)s
ORDER BY decision_id DESC
LIMIT %(limit)s;
