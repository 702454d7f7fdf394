-- P18: the days that the state is a fold of, in their order, each with the content that counts: what was applied, or what
-- was delivered since and left out because a newer day was applied. Rejected and skipped content is left out.
SELECT day.sync_day, day.fingerprint
FROM (
    SELECT sync_day, coalesce(a.sort_key, d.sort_key) AS sort_key, coalesce(a.fingerprint, d.fingerprint) AS fingerprint
    FROM (SELECT * FROM directory.sync_attempts WHERE outcome IN ('applied', 'late')) AS a
    FULL JOIN directory.sync_days AS d USING (sync_day)
) AS day
LEFT JOIN LATERAL (
    SELECT decision, fingerprint
    FROM directory.sync_decisions AS x
    WHERE x.sync_day = day.sync_day
    ORDER BY decision_id DESC
    LIMIT 1
) AS newest ON TRUE
WHERE (newest.decision IN ('reject', 'skip') AND newest.fingerprint = day.fingerprint) IS NOT TRUE
ORDER BY day.sort_key, day.sync_day;
