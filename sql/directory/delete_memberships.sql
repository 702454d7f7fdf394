-- Also where a group lost its last member: the changes come from the stored rows too.
DELETE FROM group_membership AS t
USING membership_change AS c
WHERE c.is_stored AND c.group_id = t.group_id AND c.agent_id = t.agent_id;
