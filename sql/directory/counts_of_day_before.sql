SELECT sync_day, counts
FROM sync_days
WHERE (sort_key, sync_day) < (%(sort_key)s::TEXT COLLATE "C", %(sync_day)s)
ORDER BY sort_key DESC, sync_day DESC
LIMIT 1;
