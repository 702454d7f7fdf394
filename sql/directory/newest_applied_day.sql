SELECT sync_day, sort_key FROM directory.sync_days ORDER BY sort_key DESC, sync_day DESC LIMIT 1;
