-- Only where something of it changed, or another plan of the day came since. To look once more at the plan of a held day
-- leaves it held. made_at: since when it is the plan of the day, and waits or is applied.
INSERT INTO sync_plans AS kept (sync_day, plan_id, fingerprint, outcome, counts, excesses, samples, run_id)
VALUES (%(sync_day)s, %(plan_id)s, %(fingerprint)s, %(outcome)s, %(counts)s, %(excesses)s, %(samples)s, %(run_id)s)
ON CONFLICT (sync_day, plan_id) DO UPDATE
SET fingerprint = EXCLUDED.fingerprint, excesses = EXCLUDED.excesses,
    outcome = CASE WHEN kept.outcome = 'held' AND EXCLUDED.outcome = 'planned' THEN 'held' ELSE EXCLUDED.outcome END,
    samples = EXCLUDED.samples, run_id = EXCLUDED.run_id,
    made_at = CASE
        WHEN kept.fingerprint = EXCLUDED.fingerprint
         AND (kept.outcome = EXCLUDED.outcome OR (kept.outcome, EXCLUDED.outcome) = ('held', 'planned'))
         AND NOT EXISTS (SELECT FROM sync_plans AS p WHERE p.sync_day = kept.sync_day AND p.made_at > kept.made_at)
        THEN kept.made_at
        ELSE now()
    END
WHERE (kept.fingerprint, kept.outcome, kept.excesses)
      IS DISTINCT FROM (EXCLUDED.fingerprint, EXCLUDED.outcome, EXCLUDED.excesses)
   OR EXISTS (SELECT FROM sync_plans AS p WHERE p.sync_day = kept.sync_day AND p.made_at > kept.made_at);
