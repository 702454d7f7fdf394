-- Sorting and hashing 1M rows needs more than 4 MB, and look-ups in rows that were just written do not seek on a disk.
SELECT set_config('work_mem', '256MB', true), set_config('random_page_cost', '1.1', true);
