-- The group itself and every group below it, nearest level first.
CREATE OR REPLACE FUNCTION directory.groups_below(root BIGINT)
RETURNS TABLE (group_id BIGINT)
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE below (group_id) AS (
        SELECT root
        UNION
        SELECT child.group_id
        FROM below
        CROSS JOIN LATERAL (
            SELECT c.group_id FROM directory.groups AS c WHERE c.parent_group_id = below.group_id OFFSET 0
        ) AS child
    )
    SELECT below.group_id FROM below
$$;
