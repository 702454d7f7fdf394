-- An accepted record brings a group back. A rejected one says that it is not missing, but gives an ended group no
-- members, unless it ended on this very day, of which other content came before.
CREATE TEMP TABLE group_again ON COMMIT DROP AS
SELECT m.group_id
FROM missing_groups AS m
WHERE m.to_day IS NULL
  AND (EXISTS (SELECT FROM group_record AS s WHERE s.group_id = m.group_id)
       OR (coalesce(m.ended_day, %(sync_day)s) = %(sync_day)s
           AND EXISTS (
               SELECT FROM finding AS f
               WHERE f.group_id = m.group_id AND f.code NOT IN ('duplicate_record', 'invalid_member')
           )));
