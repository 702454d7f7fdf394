-- D9: pending members whose agent is known now, also of groups without a record today. For groups with a record today
-- they are among the changes already, unless the staged and stored sets were found to be equal.
INSERT INTO membership_change (group_id, agent_id, is_stored, is_known)
SELECT p.group_id, p.agent_id, FALSE, TRUE
FROM pending_membership AS p
JOIN agents AS a ON a.agent_id = p.agent_id
WHERE ({is_equal} OR NOT EXISTS (SELECT FROM group_record AS g WHERE g.group_id = p.group_id))
  AND NOT EXISTS (
      SELECT FROM group_membership AS t WHERE t.group_id = p.group_id AND t.agent_id = p.agent_id
  );
