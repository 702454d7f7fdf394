-- The plan with which the newest attempt of the day ended; else the newest that was made of it.
SELECT plan.plan_id, plan.outcome, plan.counts, plan.excesses, plan.samples
FROM directory.sync_plans AS plan
LEFT JOIN directory.sync_attempts AS attempt ON attempt.sync_day = plan.sync_day AND attempt.plan_id = plan.plan_id
WHERE plan.sync_day = %(sync_day)s
ORDER BY attempt.plan_id IS NULL, plan.made_at DESC
LIMIT 1;
