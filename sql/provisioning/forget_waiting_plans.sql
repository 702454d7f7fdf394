-- Plans that were not applied, and that are not the present one.
DELETE FROM directory.sync_plans WHERE sync_day = %(label)s AND plan_id <> %(plan_id)s AND outcome <> 'applied';
