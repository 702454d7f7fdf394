-- Where other content of the same day had brought the group back, it is missing for as long as before.
UPDATE missing_groups AS m
SET to_day = NULL
FROM missing_change AS c
WHERE c.group_id = m.group_id AND m.to_day = %(sync_day)s;
