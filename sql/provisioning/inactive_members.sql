-- Members of live linked projects who are agents that are not active; those that provisioning added first.
SELECT p.domain_name || '/' || p.name AS project, u.email, people.agent_id, made.user_id IS NULL AS is_by_hand,
       count(*) OVER () AS members, count(made.user_id) OVER () AS provisioned
FROM manager.groups AS p
JOIN manager.association_groups_users AS m ON m.group_id = p.id
JOIN manager.agent_users AS people ON people.user_id = m.user_id
JOIN directory.agents AS a ON a.agent_id = people.agent_id AND NOT a.active
JOIN manager.users AS u ON u.uuid = m.user_id
LEFT JOIN manager.provisioned_members AS made ON made.group_id = m.group_id AND made.user_id = m.user_id
WHERE p.is_active AND p.integration_id LIKE 'directory:%%' AND manager.directory_group_of(p.integration_id) IS NOT NULL
ORDER BY is_by_hand, project, u.email
LIMIT %(limit)s;
