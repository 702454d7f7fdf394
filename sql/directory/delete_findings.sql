DELETE FROM findings WHERE sync_day = %(sync_day)s;
