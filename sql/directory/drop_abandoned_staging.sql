-- Staging schemas of runs that died: nobody holds the lock that a living run keeps on its schema's name.
SELECT nspname
FROM pg_namespace
WHERE nspname LIKE 'directory\_staging\_%%'
  AND pg_try_advisory_xact_lock(hashtextextended(nspname, 0));
