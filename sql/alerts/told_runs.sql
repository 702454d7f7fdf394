-- The runs of which people know already that they failed, or why.
SELECT DISTINCT run_id
FROM platform.alerts
WHERE run_id = ANY (%(run_ids)s) AND kind IN ('run_failed', 'held', 'incomplete', 'check_failed');
