-- D9: what waited for an agent that is known now, also where the group is absent that day. Of a group whose record
-- says its members today those that waited are among the changes already, unless all are known to be as they were.
INSERT INTO membership_change (group_id, agent_id, is_stored, is_known)
SELECT p.group_id, p.agent_id, FALSE, TRUE
FROM pending_membership AS p
JOIN agents AS a ON a.agent_id = p.agent_id
WHERE ({is_equal} OR NOT EXISTS (SELECT FROM group_record AS g WHERE g.group_id = p.group_id AND g.says_members))
  AND NOT EXISTS (
      SELECT FROM group_membership AS t WHERE t.group_id = p.group_id AND t.agent_id = p.agent_id
  );
