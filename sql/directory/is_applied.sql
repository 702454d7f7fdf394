SELECT EXISTS (SELECT FROM sync_days WHERE sync_day = %(sync_day)s) AS is_applied;
