UPDATE directory.groups AS t
SET name = s.name, parent_group_id = s.parent_group_id, created_at = s.created_at, updated_at = s.updated_at
FROM group_record AS s
WHERE s.group_id = t.group_id
  AND (t.name, t.parent_group_id, t.created_at, t.updated_at)
      IS DISTINCT FROM (s.name, s.parent_group_id, s.created_at, s.updated_at);
