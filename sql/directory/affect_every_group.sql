-- The groups whose flags are recomputed: all.
CREATE TEMP TABLE affected_group ON COMMIT DROP AS
SELECT group_id FROM groups;
