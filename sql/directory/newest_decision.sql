SELECT decision_id, sync_day, decision, plan_id, fingerprint, decided_by, reason, decided_at
FROM sync_decisions
WHERE sync_day = %(sync_day)s AND (%(fingerprint)s::TEXT IS NULL OR fingerprint = %(fingerprint)s)
ORDER BY decision_id DESC
LIMIT 1;
