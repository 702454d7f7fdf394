-- days_since_whole: number of applied days after the last one whose checks looked at every row.
SELECT sync_day, sort_key, tables_fingerprint,
       (SELECT count(*)
        FROM sync_days AS later
        WHERE (later.sort_key, later.sync_day) > ALL (
            SELECT whole.sort_key, whole.sync_day FROM sync_days AS whole WHERE whole.is_checked_whole
        )) AS days_since_whole
FROM sync_days
ORDER BY sort_key DESC, sync_day DESC
LIMIT 1;
