-- P18: the days that the state is a fold of, in their order, each with the contents that may count, the newest first:
-- what was delivered since and left out because a newer day was applied, then what was applied. What was rejected or
-- skipped since does not count. is_needed: not of a day that was refused as no full snapshot. It may be one after the
-- days before it, such as a day without a roster that came first.
SELECT content.sync_day, content.fingerprint, content.is_needed
FROM (
    SELECT sync_day, sort_key, fingerprint, 1 AS rank, outcome <> 'incomplete' AS is_needed
    FROM directory.sync_attempts
    WHERE outcome IN ('applied', 'late', 'incomplete')
    UNION ALL
    SELECT d.sync_day, d.sort_key, d.fingerprint, 2, TRUE
    FROM directory.sync_days AS d
    LEFT JOIN directory.sync_attempts AS a
        ON a.sync_day = d.sync_day AND a.outcome IN ('applied', 'late', 'incomplete')
    WHERE a.fingerprint IS DISTINCT FROM d.fingerprint
) AS content
LEFT JOIN LATERAL (
    SELECT decision
    FROM directory.sync_decisions AS x
    WHERE x.sync_day = content.sync_day AND x.fingerprint = content.fingerprint
    ORDER BY decision_id DESC
    LIMIT 1
) AS newest ON TRUE
WHERE (newest.decision IN ('reject', 'skip')) IS NOT TRUE
ORDER BY content.sort_key, content.sync_day, content.rank;
