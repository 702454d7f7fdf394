-- Only where it is new or its outcome changed. To look once more at the plan of a held day leaves it held.
INSERT INTO sync_plans (sync_day, plan_id, fingerprint, outcome, counts, excesses, samples, run_id)
VALUES (%(sync_day)s, %(plan_id)s, %(fingerprint)s, %(outcome)s, %(counts)s, %(excesses)s, %(samples)s, %(run_id)s)
ON CONFLICT (sync_day, plan_id) DO UPDATE
SET fingerprint = EXCLUDED.fingerprint, outcome = EXCLUDED.outcome, excesses = EXCLUDED.excesses,
    samples = EXCLUDED.samples, made_at = now(), run_id = EXCLUDED.run_id
WHERE (sync_plans.fingerprint, sync_plans.outcome, sync_plans.excesses)
      IS DISTINCT FROM (EXCLUDED.fingerprint, EXCLUDED.outcome, EXCLUDED.excesses)
  AND NOT (EXCLUDED.outcome = 'planned' AND sync_plans.outcome = 'held'
           AND sync_plans.fingerprint = EXCLUDED.fingerprint);
