-- The plan of a replay, in the form of plan_rows.sql: where the folded tables differ from the live ones.
SELECT CASE WHEN t.agent_id IS NULL THEN 'agents_new'
            WHEN t.active AND NOT coalesce(s.active, FALSE) THEN 'agents_deactivated'
            WHEN s.active AND NOT t.active THEN 'agents_reactivated'
            ELSE 'agents_changed' END AS kind,
       NULL::BIGINT AS group_id, coalesce(s.agent_id, t.agent_id) AS agent_id, NULL::TEXT AS before, NULL::TEXT AS after,
       hashtextextended(concat(s::TEXT, ' ', t::TEXT), 0) AS digest
FROM {fold}.agents AS s
FULL JOIN directory.agents AS t ON t.agent_id = s.agent_id
WHERE s IS DISTINCT FROM t
UNION ALL
SELECT 'groups_new', s.group_id, NULL, NULL, s.name, hashtextextended(s::TEXT, 1)
FROM {fold}.groups AS s
LEFT JOIN directory.groups AS t ON t.group_id = s.group_id
WHERE t.group_id IS NULL
UNION ALL
SELECT 'groups_renamed', s.group_id, NULL, t.name, s.name, hashtextextended(concat(s::TEXT, ' ', t::TEXT), 2)
FROM {fold}.groups AS s
JOIN directory.groups AS t ON t.group_id = s.group_id
WHERE s.name <> t.name
UNION ALL
SELECT 'groups_moved', s.group_id, NULL, t.parent_group_id::TEXT, s.parent_group_id::TEXT,
       hashtextextended(concat(s::TEXT, ' ', t::TEXT), 3)
FROM {fold}.groups AS s
JOIN directory.groups AS t ON t.group_id = s.group_id
WHERE s.parent_group_id IS DISTINCT FROM t.parent_group_id
UNION ALL
SELECT CASE WHEN s.inactive THEN 'groups_turned_inactive' ELSE 'groups_turned_active' END, s.group_id, NULL, NULL, NULL,
       hashtextextended(s.group_id::TEXT, s.inactive::INTEGER + 4)
FROM {fold}.groups AS s
JOIN directory.groups AS t ON t.group_id = s.group_id
WHERE s.inactive <> t.inactive
UNION ALL
SELECT 'groups_changed', s.group_id, NULL, NULL, NULL, hashtextextended(concat(s::TEXT, ' ', t::TEXT), 7)
FROM {fold}.groups AS s
JOIN directory.groups AS t ON t.group_id = s.group_id
WHERE s.name = t.name AND s.parent_group_id IS NOT DISTINCT FROM t.parent_group_id AND s.inactive = t.inactive
  AND s IS DISTINCT FROM t
UNION ALL
SELECT 'groups_missing', t.group_id, NULL, t.name, NULL, hashtextextended(t.group_id::TEXT, 6)
FROM directory.groups AS t
LEFT JOIN {fold}.groups AS s ON s.group_id = t.group_id
WHERE s.group_id IS NULL
UNION ALL
SELECT 'groups_missing', s.group_id, NULL, NULL, NULL, hashtextextended(s.group_id::TEXT, 8)
FROM {fold}.missing_groups AS s
LEFT JOIN directory.missing_groups AS t ON t.group_id = s.group_id AND t.to_day IS NULL
WHERE s.to_day IS NULL AND t.group_id IS NULL
UNION ALL
SELECT 'groups_ended', s.group_id, NULL, NULL, NULL, hashtextextended(s.group_id::TEXT, 9)
FROM {fold}.missing_groups AS s
LEFT JOIN directory.missing_groups AS t ON t.group_id = s.group_id AND t.to_day IS NULL
WHERE s.to_day IS NULL AND s.ended_day IS NOT NULL AND t.ended_day IS NULL
UNION ALL
SELECT 'memberships_added', s.group_id, s.agent_id, NULL, NULL,
       hashint8extended(s.group_id, s.agent_id) # hashint8extended(s.agent_id, s.group_id # 8)
FROM {fold}.group_membership AS s
LEFT JOIN directory.group_membership AS t ON t.group_id = s.group_id AND t.agent_id = s.agent_id
WHERE t.group_id IS NULL
UNION ALL
SELECT 'memberships_removed', t.group_id, t.agent_id, NULL, NULL,
       hashint8extended(t.group_id, t.agent_id) # hashint8extended(t.agent_id, t.group_id # 9)
FROM directory.group_membership AS t
LEFT JOIN {fold}.group_membership AS s ON s.group_id = t.group_id AND s.agent_id = t.agent_id
WHERE s.group_id IS NULL
