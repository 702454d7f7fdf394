-- What is applied: a row per project that changes, those after a group, with the users who come and go.
SELECT s.step, s.group_id, s.rule_id, s.project_id, s.domain_name, s.name, s.resource_policy, s.total_resource_slots,
       s.is_exact, s.old_rule_id IS NOT DISTINCT FROM s.rule_id AS is_known, coalesce(members.added, '{}') AS added, coalesce(members.removed, '{}') AS removed
FROM project_step AS s
LEFT JOIN LATERAL (
    SELECT array_agg(m.user_id ORDER BY m.user_id) FILTER (WHERE m.is_added) AS added,
           array_agg(m.user_id ORDER BY m.user_id) FILTER (WHERE NOT m.is_added) AS removed
    FROM member_step AS m
    WHERE m.group_id = s.group_id
) AS members ON TRUE
WHERE (s.group_id, coalesce(s.project_id::TEXT, '')) > (%(after_group)s, %(after_project)s)
  AND (s.step IN ('create', 'restore', 'delete')
       OR s.step = 'change' AND (
           s.name IS NOT NULL OR s.resource_policy IS NOT NULL OR s.total_resource_slots IS NOT NULL
           OR s.old_rule_id IS DISTINCT FROM s.rule_id OR members.added IS NOT NULL OR members.removed IS NOT NULL
       ))
ORDER BY s.group_id, coalesce(s.project_id::TEXT, '')
LIMIT %(limit)s;
