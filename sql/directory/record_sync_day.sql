-- Writes only if the day is new or changed something: MERGE writes nothing if its condition is false.
MERGE INTO sync_days AS t
USING (
    SELECT %(sync_day)s::TEXT AS sync_day, %(counts)s::JSONB AS counts,
           ARRAY(SELECT c.group_id FROM found_cycle AS c ORDER BY c.group_id) AS cycles
) AS s ON t.sync_day = s.sync_day
WHEN MATCHED AND (
    %(has_changed)s OR t.counts IS DISTINCT FROM s.counts OR t.fingerprint IS DISTINCT FROM %(fingerprint)s
    OR t.tables_fingerprint IS DISTINCT FROM %(tables_fingerprint)s OR t.cycles IS DISTINCT FROM s.cycles
) THEN
    UPDATE SET fingerprint = %(fingerprint)s, counts = s.counts, applied_at = now(), run_id = %(run_id)s,
               tables_fingerprint = %(tables_fingerprint)s, cycles = s.cycles,
               is_checked_whole = t.is_checked_whole OR %(is_checked_whole)s
WHEN NOT MATCHED THEN
    INSERT (sync_day, sort_key, fingerprint, counts, applied_at, run_id, tables_fingerprint, cycles, is_checked_whole)
    VALUES (s.sync_day, %(sort_key)s, %(fingerprint)s, s.counts, now(), %(run_id)s, %(tables_fingerprint)s, s.cycles,
            %(is_checked_whole)s);
