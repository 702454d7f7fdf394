-- One sync changes the tables at a time; readers are never blocked. Sorting and hashing 1M rows wants more than 4 MB, and
-- a look-up in what was just written is no seek on a disk.
SELECT pg_advisory_xact_lock(hashtextextended('groups_platform.directory', 0)),
       set_config('work_mem', '256MB', true), set_config('random_page_cost', '1.1', true);
