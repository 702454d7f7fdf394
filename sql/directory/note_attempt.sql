-- Only where it is another than before, or an older version kept it without its counts.
INSERT INTO sync_attempts (sync_day, sort_key, fingerprint, outcome, message, plan_id, run_id, counts)
VALUES (%(sync_day)s, %(sort_key)s, %(fingerprint)s, %(outcome)s, %(message)s, %(plan_id)s, %(run_id)s, %(counts)s)
ON CONFLICT (sync_day) DO UPDATE
SET fingerprint = EXCLUDED.fingerprint, outcome = EXCLUDED.outcome, message = EXCLUDED.message,
    plan_id = EXCLUDED.plan_id, run_id = EXCLUDED.run_id, counts = EXCLUDED.counts, ended_at = now()
WHERE (sync_attempts.fingerprint, sync_attempts.outcome, sync_attempts.message, sync_attempts.plan_id)
      IS DISTINCT FROM (EXCLUDED.fingerprint, EXCLUDED.outcome, EXCLUDED.message, EXCLUDED.plan_id)
   OR sync_attempts.counts IS NULL;
