SELECT sync_day, plan_id, fingerprint, outcome, counts, excesses, samples, made_at, run_id
FROM directory.sync_plans
WHERE sync_day = %(sync_day)s AND (%(plan_id)s::TEXT IS NULL OR plan_id = %(plan_id)s)
  AND (%(outcome)s::TEXT IS NULL OR outcome = %(outcome)s)
ORDER BY made_at DESC
LIMIT 1;
