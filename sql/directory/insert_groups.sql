-- flag_inactive sets the flag: a statement never sees the rows that it inserts itself. Most groups are active.
INSERT INTO directory.groups (group_id, name, parent_group_id, created_at, updated_at, inactive)
SELECT s.group_id, s.name, s.parent_group_id, s.created_at, s.updated_at, FALSE
FROM group_record AS s
LEFT JOIN directory.groups AS t ON t.group_id = s.group_id
WHERE t.group_id IS NULL
ORDER BY s.group_id;
