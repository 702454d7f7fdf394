-- While this server was down nobody could say anything.
SELECT run_id
FROM platform.run_heartbeats
WHERE now() - greatest(beat_at, pg_postmaster_start_time()) > make_interval(secs => %(seconds)s);
