-- A new cycle contains a group that is new or has moved; the other cycles are those of the newest day that still exist.
CREATE TEMP TABLE found_cycle ON COMMIT DROP AS
SELECT group_id, length, path
FROM hierarchy_cycles_above(ARRAY(
    SELECT group_id FROM group_change WHERE has_moved
    UNION
    SELECT unnest(newest.cycles)
    FROM (SELECT cycles FROM sync_days ORDER BY sort_key DESC, sync_day DESC LIMIT 1) AS newest
));
