-- What an applied day changed of these groups, from the histories. Of the first day nothing: there was nothing before.
SELECT asked.group_id,
       now.group_id IS NOT NULL AND before.group_id IS NULL AS is_new,
       CASE WHEN before.name <> now.name THEN before.name END AS old_name,
       before.group_id IS NOT NULL AND before.parent_group_id IS DISTINCT FROM now.parent_group_id AS has_moved,
       before.parent_group_id AS old_parent_id,
       parent.name AS old_parent_name,
       coalesce(now.inactive AND NOT before.inactive, FALSE) AS is_turned_inactive,
       coalesce(before.inactive AND NOT now.inactive, FALSE) AS is_turned_active,
       EXISTS (SELECT FROM directory.missing_groups AS m
               WHERE m.group_id = asked.group_id AND m.since_day = today.sync_day) AS is_missing,
       EXISTS (SELECT FROM directory.missing_groups AS m
               WHERE m.group_id = asked.group_id AND m.ended_day = today.sync_day) AS has_ended,
       (SELECT count(*) FROM directory.membership_history AS m
        WHERE m.group_id = asked.group_id AND m.from_day = today.sync_day) AS members_joined,
       (SELECT count(*) FROM directory.membership_history AS m
        WHERE m.group_id = asked.group_id AND m.to_day = today.sync_day) AS members_left
FROM (
    SELECT day.sync_day
    FROM directory.sync_days AS day
    WHERE day.sync_day = %(sync_day)s
      AND EXISTS (SELECT FROM directory.sync_days AS earlier
                  WHERE (earlier.sort_key, earlier.sync_day) < (day.sort_key, day.sync_day))
) AS today
CROSS JOIN unnest(%(group_ids)s::BIGINT[]) AS asked (group_id)
LEFT JOIN directory.group_history AS now ON now.group_id = asked.group_id AND now.from_day = today.sync_day
LEFT JOIN directory.group_history AS before ON before.group_id = asked.group_id AND before.to_day = today.sync_day
LEFT JOIN directory.groups AS parent ON parent.group_id = before.parent_group_id;
