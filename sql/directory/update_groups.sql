UPDATE groups AS t
SET ({groups}) = ROW ({c.groups})
FROM group_change AS c
WHERE c.group_id = t.group_id AND NOT c.is_new;
