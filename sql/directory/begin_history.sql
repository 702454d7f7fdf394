-- The first day into empty tables: everything begins, and nothing needs to be looked up. The memberships lie in the
-- order of their key already, since they were inserted so: sorting them again would take a sixth of the time.
INSERT INTO group_history (group_id, from_day, name, parent_group_id, inactive)
SELECT group_id, {sync_day}, name, parent_group_id, inactive FROM groups;
INSERT INTO agent_history (agent_id, from_day, active, name, email)
SELECT agent_id, {sync_day}, active, name, email FROM agents;
INSERT INTO membership_history (group_id, agent_id, from_day)
SELECT group_id, agent_id, {sync_day} FROM group_membership;
ANALYZE group_history (group_id, to_day), agent_history (agent_id, to_day), membership_history (group_id, agent_id, to_day);
