-- One sync changes the tables at a time; readers are never blocked. Sorting and hashing 1M rows wants more than 4 MB.
SELECT pg_advisory_xact_lock(hashtextextended('groups_platform.directory', 0)), set_config('work_mem', '256MB', true);
