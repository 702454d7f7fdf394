INSERT INTO missing_groups (group_id, since_day)
SELECT group_id, %(sync_day)s FROM missing_change;
