-- P10: every row that the transaction changes, by kind, from the tables of its changes. digest: a hash of the change.
-- {is_first}: nothing was stored before, and every membership is new.
SELECT CASE WHEN was_active IS NULL THEN 'agents_new'
            WHEN was_active AND NOT active THEN 'agents_deactivated'
            WHEN active AND NOT was_active THEN 'agents_reactivated'
            ELSE 'agents_changed' END AS kind,
       NULL::BIGINT AS group_id, agent_id, NULL::TEXT AS before, NULL::TEXT AS after,
       hashtextextended(c::TEXT, 0) AS digest
FROM agent_change AS c
UNION ALL
SELECT 'groups_new', group_id, NULL, NULL, name, hashtextextended(c::TEXT, 0)
FROM group_change AS c
WHERE is_new
UNION ALL
SELECT 'groups_renamed', group_id, NULL, old_name, name, hashtextextended(c::TEXT, 1)
FROM group_change AS c
WHERE NOT is_new AND old_name <> name
UNION ALL
SELECT 'groups_moved', group_id, NULL, old_parent_id::TEXT, parent_group_id::TEXT, hashtextextended(c::TEXT, 2)
FROM group_change AS c
WHERE NOT is_new AND has_moved
UNION ALL
SELECT 'groups_changed', group_id, NULL, NULL, NULL, hashtextextended(c::TEXT, 3)
FROM group_change AS c
WHERE NOT is_new AND NOT has_moved AND old_name = name
UNION ALL
SELECT 'groups_missing', group_id, NULL, NULL, NULL, hashtextextended(group_id::TEXT, 4) FROM missing_change
UNION ALL
SELECT 'groups_ended', group_id, NULL, NULL, NULL, hashtextextended(group_id::TEXT, 5) FROM ended_change
UNION ALL
SELECT CASE WHEN f.inactive THEN 'groups_turned_inactive' ELSE 'groups_turned_active' END, f.group_id, NULL, NULL, NULL,
       hashtextextended(f.group_id::TEXT, f.inactive::INTEGER + 6)
FROM flag_change AS f
LEFT JOIN group_change AS c ON c.group_id = f.group_id AND c.is_new
WHERE c.group_id IS NULL
UNION ALL
SELECT 'memberships_added', group_id, agent_id, NULL, NULL,
       hashint8extended(group_id, agent_id) # hashint8extended(agent_id, group_id # 8)
FROM membership_change
WHERE NOT is_stored AND is_known
UNION ALL
SELECT 'memberships_added', group_id, agent_id, NULL, NULL,
       hashint8extended(group_id, agent_id) # hashint8extended(agent_id, group_id # 8)
FROM group_membership
WHERE {is_first}
UNION ALL
SELECT 'memberships_removed', group_id, agent_id, NULL, NULL,
       hashint8extended(group_id, agent_id) # hashint8extended(agent_id, group_id # 9)
FROM membership_change
WHERE is_stored
