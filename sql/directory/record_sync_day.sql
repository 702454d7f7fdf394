-- Only when the day is new or changed something; MERGE writes nothing when its condition is false.
MERGE INTO directory.sync_days AS t
USING (SELECT %(sync_day)s::TEXT AS sync_day, %(counts)s::JSONB AS counts) AS s ON t.sync_day = s.sync_day
WHEN MATCHED AND (
    %(has_changed)s OR t.counts IS DISTINCT FROM s.counts OR t.fingerprint IS DISTINCT FROM %(fingerprint)s
) THEN
    UPDATE SET fingerprint = %(fingerprint)s, counts = s.counts, applied_at = now(), run_id = %(run_id)s
WHEN NOT MATCHED THEN
    INSERT (sync_day, sort_key, fingerprint, counts, applied_at, run_id)
    VALUES (s.sync_day, %(sort_key)s, %(fingerprint)s, s.counts, now(), %(run_id)s);
