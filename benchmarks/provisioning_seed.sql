-- {projects} directory groups below group 1, with {members} members in all, each an agent and a user; a rule has all of
-- them, and every project is as it says. The members of a group are neighbours, so that each group has as many.
INSERT INTO manager.domains (name) VALUES ('example.com');
INSERT INTO manager.project_resource_policies (name) VALUES ('default');
INSERT INTO directory.groups (group_id, name, parent_group_id, inactive)
SELECT 1, 'everybody', NULL, FALSE
UNION ALL
SELECT n + 1, 'team-' || n, 1, FALSE FROM generate_series(1, {projects}) AS n;
INSERT INTO directory.agents (agent_id, email, name, active)
SELECT n, format('person%s@example.com', n), 'Person ' || n, TRUE FROM generate_series(1, {members} * 2) AS n;
INSERT INTO manager.users (uuid, email, domain_name)
SELECT md5('user' || n)::UUID, format('Person%s@Example.com', n), 'example.com'
FROM generate_series(1, {members} * 2) AS n;
INSERT INTO directory.group_membership (group_id, agent_id)
SELECT n % {projects} + 2, n FROM generate_series(1, {members}) AS n;
INSERT INTO manager.provisioning_rules (id, directory_group_id, with_groups_below, domain_name, resource_policy)
VALUES (md5('rule')::UUID, 1, TRUE, 'example.com', 'default');
INSERT INTO manager.groups (id, name, domain_name, resource_policy, integration_id)
SELECT md5('project' || g.group_id)::UUID, g.name, 'example.com', 'default', 'directory:' || g.group_id
FROM directory.groups AS g;
INSERT INTO manager.provisioned_projects (project_id, rule_id) SELECT id, md5('rule')::UUID FROM manager.groups;
INSERT INTO manager.association_groups_users (group_id, user_id)
SELECT md5('project' || group_id)::UUID, md5('user' || agent_id)::UUID FROM directory.group_membership;
INSERT INTO manager.provisioned_members (group_id, user_id)
SELECT group_id, user_id FROM manager.association_groups_users;
ANALYZE;
