-- Freeze what the review of a domain finds now.
WITH found AS MATERIALIZED (
    SELECT r.*, row_number() OVER (
        ORDER BY manager.access_kind_place(r.kind), r.project_name, coalesce(r.email, '')
    ) AS number
    FROM manager.access_rows(CAST(:domain_name AS TEXT), NULL, :at) AS r
),
review AS (
    INSERT INTO manager.access_reviews (domain_name, sync_day, row_count, started_by_id, started_by, started_at)
    SELECT
        CAST(:domain_name AS TEXT),
        (SELECT d.sync_day FROM directory.sync_days AS d ORDER BY d.sort_key DESC, d.sync_day DESC LIMIT 1),
        (SELECT count(*) FROM found),
        CAST(:actor_id AS UUID), CAST(:actor AS TEXT), CAST(:at AS TIMESTAMPTZ)
    RETURNING review_id
),
frozen AS (
    INSERT INTO manager.access_review_rows
    SELECT
        review.review_id, f.number, f.kind, f.project_id, f.project_name, f.user_id, f.email, f.agent_id, f.agent_name,
        f.directory_group_id, f.directory_group_name, f.detail, f.kernels, f.cpu, f.mem, f.gpu, f.folders,
        f.since_day, f.since
    FROM found AS f
    CROSS JOIN review
)
SELECT review_id FROM review;
