-- Differences between the day's groups and the stored ones, for the statements that follow.
CREATE TEMP TABLE group_change ON COMMIT DROP AS
SELECT s.group_id, {s.groups},
       t.group_id IS NULL AS is_new,
       t.parent_group_id AS old_parent_id,
       t.name AS old_name,
       t.group_id IS NULL OR t.parent_group_id IS DISTINCT FROM s.parent_group_id AS has_moved
FROM group_record AS s
LEFT JOIN groups AS t ON t.group_id = s.group_id
WHERE t.group_id IS NULL
   OR ({t.groups}) IS DISTINCT FROM ({s.groups});
ANALYZE group_change (group_id, is_new, has_moved);
