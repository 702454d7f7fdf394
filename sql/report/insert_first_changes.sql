-- Of the first applied day everything is new: some rows of each kind. How many there are is what is stored after it.
INSERT INTO report_change
(SELECT 'agents_new', NULL::BIGINT, agent_id, NULL::TEXT, concat_ws(', ', name, email)
 FROM directory.agent_history
 WHERE from_day = {sync_day}
 ORDER BY agent_id
 LIMIT {limit})
UNION ALL
(SELECT 'groups_new', group_id, NULL, NULL, name
 FROM directory.group_history
 WHERE from_day = {sync_day}
 ORDER BY group_id
 LIMIT {limit})
UNION ALL
(SELECT 'memberships_added', group_id, agent_id, NULL, NULL
 FROM directory.membership_history
 WHERE from_day = {sync_day}
 ORDER BY group_id, agent_id
 LIMIT {limit});
