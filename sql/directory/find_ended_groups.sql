-- P19: the groups that are missing for %(grace_days)s applied days in a row, today among them; never where that is 0.
CREATE TEMP TABLE ended_change ON COMMIT DROP AS
SELECT m.group_id
FROM missing_groups AS m
WHERE m.to_day IS NULL AND m.ended_day IS NULL AND %(grace_days)s > 0
  AND 1 + (SELECT count(*)
           FROM sync_days AS since
           JOIN sync_days AS d ON (d.sort_key, d.sync_day) >= (since.sort_key, since.sync_day)
           WHERE since.sync_day = m.since_day
             AND (d.sort_key, d.sync_day) < (%(sort_key)s::TEXT COLLATE "C", %(sync_day)s)) >= %(grace_days)s;
