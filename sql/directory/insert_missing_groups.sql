INSERT INTO missing_groups (group_id, since_day)
SELECT c.group_id, %(sync_day)s
FROM missing_change AS c
WHERE NOT EXISTS (SELECT FROM missing_groups AS m WHERE m.group_id = c.group_id AND m.to_day IS NULL);
