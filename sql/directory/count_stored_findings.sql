SELECT code, count(*) AS findings FROM directory.findings WHERE sync_day = %(sync_day)s GROUP BY code;
