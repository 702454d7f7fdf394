-- An accepted record brings a group back. A rejected one says that it is not missing, but gives an ended group no members.
DELETE FROM missing_groups AS m
WHERE EXISTS (SELECT FROM group_record AS s WHERE s.group_id = m.group_id)
   OR (m.ended_day IS NULL AND EXISTS (SELECT FROM finding AS f WHERE f.group_id = m.group_id AND f.code NOT IN ('duplicate_record', 'invalid_member')));
