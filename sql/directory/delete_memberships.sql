-- Scoped by the staged groups, not by their staged members: a group that lost its last member has none of those.
DELETE FROM directory.group_membership AS t
USING membership_change AS c
JOIN group_record AS g ON g.group_id = c.group_id
WHERE c.is_stored AND c.group_id = t.group_id AND c.agent_id = t.agent_id;
