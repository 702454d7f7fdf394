-- Whether no day was applied for so long; where none ever was, since alerts were switched on.
SELECT newest.sync_day, newest.run_id, newest.applied_at, begun.began_at,
       extract(epoch FROM now() - coalesce(newest.applied_at, begun.began_at))::FLOAT AS seconds
FROM platform.alert_beginning AS begun
LEFT JOIN LATERAL (
    SELECT sync_day, run_id, applied_at FROM directory.sync_days ORDER BY applied_at DESC LIMIT 1
) AS newest ON TRUE
WHERE now() - coalesce(newest.applied_at, begun.began_at) > make_interval(secs => %(seconds)s);
