-- M4: every change of the plan, by kind, in the form of a day's plan: group_id and agent_id are the directory's.
SELECT 'projects_created' AS kind, group_id, NULL::BIGINT AS agent_id, NULL::TEXT AS before,
       domain_name || '/' || name AS after, hashtextextended(s::TEXT, 0) AS digest
FROM project_step AS s
WHERE step = 'create'
UNION ALL
SELECT 'projects_restored', group_id, NULL, NULL, old_domain || '/' || coalesce(name, old_name),
       hashtextextended(project_id::TEXT, 1)
FROM project_step
WHERE step = 'restore'
UNION ALL
SELECT 'projects_renamed', group_id, NULL, old_name, name, hashtextextended(project_id || name, 2)
FROM project_step
WHERE step IN ('change', 'restore') AND name IS NOT NULL
UNION ALL
SELECT 'projects_changed', group_id, NULL, NULL, concat_ws(', ', 'policy ' || resource_policy, total_resource_slots),
       hashtextextended(concat_ws(' ', project_id, 'policy ' || resource_policy, total_resource_slots), 3)
FROM project_step
WHERE step IN ('change', 'restore') AND (resource_policy IS NOT NULL OR total_resource_slots IS NOT NULL)
UNION ALL
SELECT 'projects_taken_over', group_id, NULL, NULL, old_domain || '/' || old_name,
       hashtextextended(concat(project_id, rule_id), 4)
FROM project_step
WHERE step = 'change' AND old_rule_id IS DISTINCT FROM rule_id
UNION ALL
SELECT 'projects_deleted', s.group_id, NULL, old_domain || '/' || old_name,
       'deleted' || (SELECT CASE WHEN count(*) > 0 THEN format(', %s of its kernels run', count(*)) ELSE '' END
                     FROM manager.kernels AS k
                     WHERE k.group_id = s.project_id AND k.status NOT IN ('TERMINATED', 'CANCELLED')),
       hashtextextended(s.project_id::TEXT, 5)
FROM project_step AS s
WHERE step = 'delete'
UNION ALL
SELECT CASE WHEN is_added THEN 'members_added' ELSE 'members_removed' END, group_id, agent_id,
       CASE WHEN NOT is_added THEN email END, CASE WHEN is_added THEN email END,
       hashtextextended(concat(group_id, ' ', user_id), 6 + is_added::INTEGER)
FROM member_step
