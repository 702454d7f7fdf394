DELETE FROM pending_membership AS p
USING ended_change AS c
WHERE c.group_id = p.group_id;
