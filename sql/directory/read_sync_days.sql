SELECT sync_day, sort_key, fingerprint, counts, applied_at, run_id FROM directory.sync_days ORDER BY sort_key, sync_day;
