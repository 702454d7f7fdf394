-- Close the open rows of a review which are not so any more.
WITH live AS MATERIALIZED (
    SELECT r.kind, r.project_id, r.user_id FROM manager.access_rows(CAST(:domain_name AS TEXT), NULL, :at) AS r
)
INSERT INTO manager.access_review_decisions
SELECT
    f.review_id, f.number, 'gone', CAST(:reason AS TEXT), '', CAST(:actor_id AS UUID), CAST(:actor AS TEXT),
    CAST(:at AS TIMESTAMPTZ), CAST(:action_id AS UUID), NULL
FROM manager.access_review_rows AS f
WHERE f.review_id = :review_id
  AND NOT EXISTS (
      SELECT FROM manager.access_review_decisions AS d WHERE d.review_id = f.review_id AND d.number = f.number
  )
  AND NOT EXISTS (
      SELECT FROM live AS r
      WHERE r.kind = f.kind AND r.project_id = f.project_id AND r.user_id IS NOT DISTINCT FROM f.user_id
  );
