-- P19: the groups that have no record today and had one on the applied day before. A rejected record counts as one.
CREATE TEMP TABLE missing_change ON COMMIT DROP AS
SELECT g.group_id
FROM groups AS g
LEFT JOIN group_record AS s ON s.group_id = g.group_id
LEFT JOIN (SELECT DISTINCT f.group_id FROM finding AS f WHERE f.group_id IS NOT NULL AND f.code NOT IN ('duplicate_record', 'invalid_member')) AS r ON r.group_id = g.group_id
LEFT JOIN missing_groups AS m ON m.group_id = g.group_id AND m.to_day IS NULL
WHERE s.group_id IS NULL AND r.group_id IS NULL AND m.group_id IS NULL;
