-- update_flags sets the flag later, since a statement does not see the rows that it inserts. Most groups are active.
INSERT INTO groups (group_id, {groups}, inactive)
SELECT group_id, {groups}, FALSE
FROM group_change
WHERE is_new
ORDER BY group_id;
