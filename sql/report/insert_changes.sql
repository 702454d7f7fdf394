-- What the applied day changed, from the histories: rows that begin with the day, beside those that end with it. A
-- replay or another delivery of the day is in it, and of the plans of such a day none is.
WITH changed_group AS (
    SELECT group_id, was.group_id IS NOT NULL AS was_there, now.group_id IS NOT NULL AS is_there,
           was.name AS old_name, now.name, was.parent_group_id AS old_parent, now.parent_group_id,
           was.inactive AS was_inactive, now.inactive
    FROM (SELECT * FROM directory.group_history WHERE to_day = {sync_day}) AS was
    FULL JOIN (SELECT * FROM directory.group_history WHERE from_day = {sync_day}) AS now USING (group_id)
),
changed_agent AS (
    SELECT agent_id, was.agent_id IS NOT NULL AS was_there, now.agent_id IS NOT NULL AS is_there,
           was.active AS was_active, now.active, concat_ws(', ', was.name, was.email) AS old_name,
           concat_ws(', ', now.name, now.email) AS new_name,
           (was.name, was.email) IS DISTINCT FROM (now.name, now.email) AS has_changed
    FROM (SELECT * FROM directory.agent_history WHERE to_day = {sync_day}) AS was
    FULL JOIN (SELECT * FROM directory.agent_history WHERE from_day = {sync_day}) AS now USING (agent_id)
),
changed_membership AS (
    SELECT group_id, agent_id, was.group_id IS NOT NULL AS was_there
    FROM (SELECT * FROM directory.membership_history WHERE to_day = {sync_day}) AS was
    FULL JOIN (SELECT * FROM directory.membership_history WHERE from_day = {sync_day}) AS now USING (group_id, agent_id)
    WHERE was.group_id IS NULL OR now.group_id IS NULL
)
INSERT INTO report_change
SELECT 'agents_new', NULL::BIGINT, agent_id, NULL::TEXT, new_name FROM changed_agent WHERE NOT was_there
UNION ALL
SELECT 'agents_deactivated', NULL, agent_id, NULL, NULL FROM changed_agent WHERE was_active AND NOT active
UNION ALL
SELECT 'agents_reactivated', NULL, agent_id, NULL, NULL FROM changed_agent WHERE NOT was_active AND active
UNION ALL
SELECT 'agents_changed', NULL, agent_id, old_name, new_name
FROM changed_agent
WHERE was_there AND is_there AND has_changed
UNION ALL
SELECT 'agents_gone', NULL, agent_id, old_name, NULL FROM changed_agent WHERE NOT is_there
UNION ALL
SELECT 'groups_new', group_id, NULL, NULL, name FROM changed_group WHERE NOT was_there
UNION ALL
SELECT 'groups_renamed', group_id, NULL, old_name, name FROM changed_group WHERE old_name <> name
UNION ALL
SELECT 'groups_moved', group_id, NULL, old_parent::TEXT, parent_group_id::TEXT
FROM changed_group
WHERE was_there AND is_there AND old_parent IS DISTINCT FROM parent_group_id
UNION ALL
SELECT 'groups_gone', group_id, NULL, old_name, NULL FROM changed_group WHERE NOT is_there
UNION ALL
SELECT 'groups_missing', group_id, NULL, NULL, NULL FROM directory.missing_groups WHERE since_day = {sync_day}
UNION ALL
SELECT 'groups_ended', group_id, NULL, NULL, NULL FROM directory.missing_groups WHERE ended_day = {sync_day}
UNION ALL
SELECT CASE WHEN inactive THEN 'groups_turned_inactive' ELSE 'groups_turned_active' END, group_id, NULL, NULL, NULL
FROM changed_group
WHERE was_inactive <> inactive
UNION ALL
SELECT CASE WHEN was_there THEN 'memberships_removed' ELSE 'memberships_added' END, group_id, agent_id, NULL, NULL
FROM changed_membership;
ANALYZE report_change;
