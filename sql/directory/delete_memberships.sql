-- Includes groups that lost their last member, since membership_change has stored rows too.
DELETE FROM group_membership AS t
USING membership_change AS c
WHERE c.is_stored AND c.group_id = t.group_id AND c.agent_id = t.agent_id;
