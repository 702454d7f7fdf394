-- warn, groups: every parent is known.
SELECT g.group_id, g.name, g.parent_group_id
FROM groups AS g
LEFT JOIN groups AS parent ON parent.group_id = g.parent_group_id
WHERE g.parent_group_id IS NOT NULL AND parent.group_id IS NULL
