-- Reviews, newest first, of one domain or of all; of each how many rows were decided how.
SELECT
    r.review_id, r.domain_name, r.sync_day, r.started_by, r.started_at, r.row_count AS rows,
    count(d.number) FILTER (WHERE d.decision = 'keep') AS kept,
    count(d.number) FILTER (WHERE d.decision = 'revoke') AS revoked,
    count(d.number) FILTER (WHERE d.decision = 'gone') AS gone,
    e.finished_by, e.finished_at, e.digest
FROM (
    SELECT *
    FROM manager.access_reviews AS r
    WHERE (CAST(:domain_name AS TEXT) IS NULL OR r.domain_name = :domain_name)
      AND (CAST(:review_id AS BIGINT) IS NULL OR r.review_id = :review_id)
      AND (CAST(:before AS BIGINT) IS NULL OR r.review_id < :before)
    ORDER BY r.review_id DESC
    LIMIT :limit
) AS r
LEFT JOIN manager.access_review_decisions AS d USING (review_id)
LEFT JOIN manager.access_review_ends AS e USING (review_id)
GROUP BY r.review_id, r.domain_name, r.sync_day, r.started_by, r.started_at, r.row_count, e.finished_by, e.finished_at, e.digest
ORDER BY r.review_id DESC;
