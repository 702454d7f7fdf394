CREATE TEMP TABLE found_cycle ON COMMIT DROP AS
SELECT group_id, length, path FROM hierarchy_cycles();
