-- A row per day that was applied, tried or decided about: what holds of it now, and the newest of what was tried and decided.
SELECT sync_day,
       applied.fingerprint AS applied_fingerprint, applied.applied_at,
       attempt.fingerprint AS tried_fingerprint, attempt.outcome, attempt.message, attempt.plan_id,
       coalesce(attempt.run_id, applied.run_id) AS run_id,
       decision.decision_id, decision.decision, decision.fingerprint AS decided_fingerprint,
       decision.plan_id AS decided_plan_id, decision.decided_by, decision.reason
FROM directory.sync_days AS applied
FULL JOIN directory.sync_attempts AS attempt USING (sync_day)
FULL JOIN (
    SELECT DISTINCT ON (sync_day) * FROM directory.sync_decisions ORDER BY sync_day, decision_id DESC
) AS decision USING (sync_day);
