-- looks at every missing parent that the day found
SELECT f.group_id, g.name, g.parent_group_id
FROM finding AS f
JOIN groups AS g ON g.group_id = f.group_id
WHERE f.code = 'missing_parent'
