-- members: how many there were after the first day of the interval.
SELECT h.from_day, h.to_day, h.name, h.parent_group_id, h.inactive,
       (SELECT count(*)
        FROM directory.membership_history AS m
        JOIN directory.sync_days AS first ON first.sync_day = m.from_day
        LEFT JOIN directory.sync_days AS last ON last.sync_day = m.to_day
        WHERE m.group_id = h.group_id
          AND (first.sort_key, first.sync_day) <= (d.sort_key, d.sync_day)
          AND (m.to_day IS NULL OR (last.sort_key, last.sync_day) > (d.sort_key, d.sync_day))) AS members
FROM directory.group_history AS h
JOIN directory.sync_days AS d ON d.sync_day = h.from_day
WHERE h.group_id = %(group_id)s
ORDER BY d.sort_key, d.sync_day;
