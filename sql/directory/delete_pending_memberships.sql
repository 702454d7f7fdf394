-- What the group's new record no longer names, and what can be stored now.
DELETE FROM pending_membership AS t
WHERE EXISTS (SELECT FROM agents AS a WHERE a.agent_id = t.agent_id)
   OR (EXISTS (SELECT FROM group_record AS g WHERE g.group_id = t.group_id AND g.says_members)
       AND NOT EXISTS (SELECT FROM group_member AS s WHERE s.group_id = t.group_id AND s.agent_id = t.agent_id));
