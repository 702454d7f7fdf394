-- Sorting and hashing 1M rows wants more than 4 MB, and a look-up in what was just written is no seek on a disk.
SELECT set_config('work_mem', '256MB', true), set_config('random_page_cost', '1.1', true);
