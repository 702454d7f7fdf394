-- The session that holds an advisory lock, by the lock's name. Other roles' times are NULL without pg_read_all_stats.
SELECT pid, usename AS role, application_name, state, coalesce(xact_start, backend_start) AS since
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND objsubid = 1 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (classid::bigint << 32 | objid::bigint) = hashtextextended(%(name)s, 0);
