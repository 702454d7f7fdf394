UPDATE directory.groups AS t
SET name = c.name, parent_group_id = c.parent_group_id, created_at = c.created_at, updated_at = c.updated_at
FROM group_change AS c
WHERE c.group_id = t.group_id AND NOT c.is_new;
