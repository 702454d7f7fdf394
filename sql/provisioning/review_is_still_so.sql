SELECT EXISTS (
    SELECT
    FROM manager.access_rows(CAST(:domain_name AS TEXT), CAST(:project_id AS UUID), :at) AS r
    WHERE r.kind = :kind AND r.user_id IS NOT DISTINCT FROM CAST(:user_id AS UUID)
);
