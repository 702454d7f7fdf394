-- What the transaction may have changed, for the history.
CREATE TEMP TABLE touched_group ON COMMIT DROP AS
SELECT group_id FROM group_change UNION SELECT group_id FROM flag_change;
CREATE TEMP TABLE touched_agent ON COMMIT DROP AS
SELECT agent_id FROM agent_change;
CREATE TEMP TABLE touched_membership ON COMMIT DROP AS
SELECT group_id, agent_id FROM membership_change WHERE is_stored OR is_known;
ANALYZE touched_group, touched_agent, touched_membership;
