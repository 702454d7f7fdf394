-- Whether no day came and was applied for so long; where none ever was, since alerts were switched on. When the newest day
-- was applied its plan says: a replay writes the day anew, and nothing came with it.
SELECT newest.sync_day, newest.run_id, newest.applied_at, begun.began_at,
       extract(epoch FROM now() - coalesce(newest.applied_at, begun.began_at))::FLOAT AS seconds
FROM platform.alert_beginning AS begun
LEFT JOIN LATERAL (
    SELECT d.sync_day, d.run_id,
           least(d.applied_at, (
               SELECT max(p.made_at)
               FROM directory.sync_plans AS p
               WHERE p.sync_day = d.sync_day AND p.fingerprint = d.fingerprint AND p.outcome = 'applied'
           )) AS applied_at
    FROM directory.sync_days AS d
    ORDER BY d.sort_key DESC, d.sync_day DESC
    LIMIT 1
) AS newest ON TRUE
WHERE now() - coalesce(newest.applied_at, begun.began_at) > make_interval(secs => %(seconds)s);
