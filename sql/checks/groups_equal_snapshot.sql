-- fail, groups: every accepted group is stored as its record says.
SELECT s.group_id, s.name AS upstream_name, t.name AS stored_name,
       s.parent_group_id AS upstream_parent, t.parent_group_id AS stored_parent
FROM group_record AS s
LEFT JOIN groups AS t ON t.group_id = s.group_id
WHERE (s.group_id, {s.groups}) IS DISTINCT FROM (t.group_id, {t.groups})
