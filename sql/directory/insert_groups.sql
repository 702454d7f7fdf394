-- flag_groups sets the flag: a statement never sees the rows that it inserts itself. Most groups are active.
INSERT INTO groups (group_id, {groups}, inactive)
SELECT group_id, {groups}, FALSE
FROM group_change
WHERE is_new
ORDER BY group_id;
