-- What other content of the same day had said.
DELETE FROM missing_groups AS m
USING group_again AS c
WHERE c.group_id = m.group_id AND m.since_day = %(sync_day)s;
