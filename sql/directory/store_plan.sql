-- Only where it is new or something of it changed. To look once more at the plan of a held day leaves it held.
INSERT INTO sync_plans (sync_day, plan_id, fingerprint, outcome, counts, excesses, samples, run_id)
VALUES (%(sync_day)s, %(plan_id)s, %(fingerprint)s, %(outcome)s, %(counts)s, %(excesses)s, %(samples)s, %(run_id)s)
ON CONFLICT (sync_day, plan_id) DO UPDATE
SET fingerprint = EXCLUDED.fingerprint, excesses = EXCLUDED.excesses,
    outcome = CASE WHEN sync_plans.outcome = 'held' AND EXCLUDED.outcome = 'planned' THEN 'held' ELSE EXCLUDED.outcome END,
    samples = EXCLUDED.samples, made_at = now(), run_id = EXCLUDED.run_id
WHERE (sync_plans.fingerprint, sync_plans.outcome, sync_plans.excesses)
      IS DISTINCT FROM (EXCLUDED.fingerprint, EXCLUDED.outcome, EXCLUDED.excesses);
