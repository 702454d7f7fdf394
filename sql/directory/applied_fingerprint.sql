SELECT fingerprint FROM sync_days WHERE sync_day = %(sync_day)s;
