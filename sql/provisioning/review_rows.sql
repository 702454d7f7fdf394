-- Frozen rows of a review in the order of their numbers, with what was decided.
SELECT
    r.domain_name, f.*, d.decision, d.reason, d.effect, d.decided_by, d.decided_at, d.action_id, d.effect_action_id
FROM manager.access_review_rows AS f
JOIN manager.access_reviews AS r USING (review_id)
LEFT JOIN manager.access_review_decisions AS d USING (review_id, number)
WHERE f.review_id = :review_id
  AND f.number > :after
  AND (CAST(:number AS BIGINT) IS NULL OR f.number = :number)
  AND (NOT CAST(:only_open AS BOOLEAN) OR d.number IS NULL)
ORDER BY f.number
LIMIT :limit;
