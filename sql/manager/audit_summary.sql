-- Attempts by day of the time zone, by what was attempted and how it ended.
SELECT
    (a.started_at AT TIME ZONE :time_zone)::DATE AS day,
    a.action,
    a.status,
    a.error_code,
    count(*) AS attempts,
    count(DISTINCT a.actor) AS actors,
    count(DISTINCT a.entity_id) AS entities,
    round(extract(EPOCH FROM max(a.duration)) * 1000)::BIGINT AS slowest_ms
FROM manager.audit_log AS a
WHERE a.started_at >= :start AND a.started_at < :end
GROUP BY day, a.action, a.status, a.error_code
ORDER BY day, a.action, a.status DESC, a.error_code;
