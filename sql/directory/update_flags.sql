UPDATE groups AS t
SET inactive = c.inactive
FROM flag_change AS c
WHERE c.group_id = t.group_id;
