DELETE FROM directory.findings WHERE sync_day = %(sync_day)s;
