-- The content of the day that was last read, whatever came of it.
SELECT coalesce(a.fingerprint, d.fingerprint) AS fingerprint
FROM (SELECT * FROM directory.sync_attempts WHERE sync_day = %(sync_day)s) AS a
FULL JOIN (SELECT * FROM directory.sync_days WHERE sync_day = %(sync_day)s) AS d ON d.sync_day = a.sync_day;
