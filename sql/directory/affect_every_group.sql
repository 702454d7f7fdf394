-- The groups whose flags are computed anew: all.
CREATE TEMP TABLE affected_group ON COMMIT DROP AS
SELECT group_id FROM groups;
