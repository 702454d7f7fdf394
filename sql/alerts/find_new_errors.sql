-- Of days that were applied since, the errors that the applied day before had not. A finding is the same on another day
-- if it is about the same group and agent, or, where it is about neither, about the same text.
WITH news AS MATERIALIZED (
    SELECT d.sync_day, d.sort_key, d.applied_at, d.run_id, d.counts -> 'findings' AS totals, before.sync_day AS day_before
    FROM directory.sync_days AS d
    LEFT JOIN LATERAL (
        SELECT b.sync_day
        FROM directory.sync_days AS b
        WHERE (b.sort_key, b.sync_day) < (d.sort_key, d.sync_day)
        ORDER BY b.sort_key DESC, b.sync_day DESC
        LIMIT 1
    ) AS before ON TRUE
    WHERE d.applied_at > %(since)s
      AND NOT EXISTS (
          SELECT
          FROM platform.alert_compared_days AS c
          WHERE c.sync_day = d.sync_day AND c.applied_at = d.applied_at
      )
    ORDER BY d.sort_key, d.sync_day
    LIMIT %(most)s
)
SELECT news.sync_day, news.applied_at, news.run_id, news.totals, news.day_before, errors.numbers, errors.digest
FROM news
CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(by_code.code, by_code.number) AS numbers, md5(sum(by_code.digest)::TEXT) AS digest
    FROM (
        SELECT fresh.code, count(*) AS number, sum(hashtextextended(fresh::TEXT, 0)) AS digest
        FROM (
            SELECT f.code, f.group_id, f.agent_id,
                   CASE WHEN coalesce(f.group_id, f.agent_id) IS NULL THEN coalesce(f.raw, f.detail) ELSE f.detail END
            FROM directory.findings AS f
            WHERE f.sync_day = news.sync_day AND f.severity = 'error'
            EXCEPT
            SELECT f.code, f.group_id, f.agent_id,
                   CASE WHEN coalesce(f.group_id, f.agent_id) IS NULL THEN coalesce(f.raw, f.detail) ELSE f.detail END
            FROM directory.findings AS f
            WHERE f.sync_day = news.day_before AND f.severity = 'error'
        ) AS fresh
        GROUP BY fresh.code
    ) AS by_code
) AS errors
ORDER BY news.sort_key, news.sync_day;
