UPDATE directory.sync_attempts AS t
SET outcome = s.outcome, message = s.message, run_id = {run_id}, ended_at = now()
FROM {fold}.sync_attempts AS s
WHERE s.sync_day = t.sync_day AND s.fingerprint = t.fingerprint
  AND (t.outcome, t.message) IS DISTINCT FROM (s.outcome, s.message);
