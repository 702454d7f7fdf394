UPDATE missing_groups AS m
SET to_day = %(sync_day)s, ended_day = nullif(m.ended_day, %(sync_day)s)
FROM group_again AS c
WHERE c.group_id = m.group_id AND m.to_day IS NULL;
