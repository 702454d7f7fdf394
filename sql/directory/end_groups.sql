UPDATE missing_groups AS m
SET ended_day = %(sync_day)s
FROM ended_change AS c
WHERE c.group_id = m.group_id AND m.to_day IS NULL;
