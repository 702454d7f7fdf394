-- Who applied a day that stays as it was, and when, stays too.
INSERT INTO directory.sync_days AS t
    (sync_day, sort_key, fingerprint, counts, applied_at, run_id, tables_fingerprint, cycles, is_checked_whole)
SELECT s.sync_day, s.sort_key, s.fingerprint, s.counts, now(), {run_id}, s.tables_fingerprint, s.cycles, s.is_checked_whole
FROM {fold}.sync_days AS s
LEFT JOIN directory.sync_days AS l ON l.sync_day = s.sync_day
WHERE (l.sync_day, l.fingerprint, l.counts, l.tables_fingerprint, l.cycles)
      IS DISTINCT FROM (s.sync_day, s.fingerprint, s.counts, s.tables_fingerprint, s.cycles)
ON CONFLICT (sync_day) DO UPDATE
SET fingerprint = EXCLUDED.fingerprint, counts = EXCLUDED.counts, applied_at = EXCLUDED.applied_at,
    run_id = EXCLUDED.run_id, tables_fingerprint = EXCLUDED.tables_fingerprint, cycles = EXCLUDED.cycles;
