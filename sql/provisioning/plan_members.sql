-- M4: who shall be in the projects, who comes and who goes, and whom nobody can match (M3).
DROP TABLE IF EXISTS pg_temp.scope, pg_temp.wanted_agent, pg_temp.wanted_member, pg_temp.member_step, pg_temp.unmatched;
-- By the index, whatever the planner expects of a group that most others are below.
SET LOCAL enable_seqscan = off;
CREATE TEMP TABLE scope AS
WITH RECURSIVE below (root, group_id) AS (
    SELECT s.group_id, s.group_id FROM project_step AS s WHERE s.step IN ('create', 'change', 'restore')
    UNION
    SELECT below.root, child.group_id
    FROM below
    JOIN project_step AS s ON s.group_id = below.root AND s.members_of = 'below'
    CROSS JOIN LATERAL (
        SELECT g.group_id FROM directory.groups AS g WHERE g.parent_group_id = below.group_id OFFSET 0
    ) AS child
)
SELECT root, group_id FROM below;
SET LOCAL enable_seqscan TO DEFAULT;
ANALYZE scope;

CREATE TEMP TABLE wanted_agent AS
SELECT DISTINCT scope.root AS group_id, m.agent_id, a.name AS agent_name, a.email, a.address
FROM scope
JOIN directory.group_membership AS m ON m.group_id = scope.group_id
JOIN agent_address AS a ON a.agent_id = m.agent_id
WHERE a.active;
ANALYZE wanted_agent;

CREATE TEMP TABLE wanted_member AS
SELECT s.group_id, s.project_id, u.user_id, w.agent_id, u.email
FROM wanted_agent AS w
JOIN project_step AS s ON s.group_id = w.group_id
JOIN user_address AS u ON u.address = w.address AND u.is_active AND u.domain_name = s.domain_name
WHERE NOT EXISTS (SELECT FROM shared_address AS shared WHERE shared.address = w.address);
ANALYZE wanted_member;

-- is_kept: nobody can say whether this member shall stay.
CREATE TEMP TABLE member_step AS
SELECT w.group_id, w.project_id, w.user_id, w.agent_id, w.email, TRUE AS is_added, FALSE AS is_kept
FROM wanted_member AS w
LEFT JOIN manager.association_groups_users AS m ON m.group_id = w.project_id AND m.user_id = w.user_id
WHERE m.user_id IS NULL
UNION ALL
SELECT s.group_id, s.project_id, m.user_id, agent.agent_id, u.email, FALSE, shared.address IS NOT NULL
FROM project_step AS s
JOIN manager.association_groups_users AS m ON m.group_id = s.project_id
JOIN user_address AS u ON u.user_id = m.user_id
LEFT JOIN manager.provisioned_members AS made ON made.group_id = m.group_id AND made.user_id = m.user_id
LEFT JOIN wanted_member AS w ON w.group_id = s.group_id AND w.user_id = m.user_id
LEFT JOIN shared_address AS shared ON shared.address = u.address
LEFT JOIN agent_address AS agent ON agent.address = u.address AND shared.address IS NULL
WHERE s.step IN ('change', 'restore') AND (s.is_exact OR made.user_id IS NOT NULL) AND w.user_id IS NULL;
CREATE INDEX ON member_step (group_id);
ANALYZE member_step;

CREATE TEMP TABLE unmatched AS
SELECT CASE
           WHEN w.address IS NULL THEN 'no_address'
           WHEN shared.is_of_agents THEN 'several_agents'
           WHEN shared.address IS NOT NULL THEN 'several_users'
           WHEN u.user_id IS NULL THEN 'no_user'
           WHEN NOT u.is_active THEN 'inactive_user'
           ELSE 'other_domain'
       END AS reason,
       w.group_id, s.group_name, w.agent_id, w.agent_name, w.email, u.user_id, u.domain_name
FROM wanted_agent AS w
JOIN project_step AS s ON s.group_id = w.group_id
LEFT JOIN shared_address AS shared ON shared.address = w.address
LEFT JOIN user_address AS u ON u.address = w.address AND shared.address IS NULL
WHERE u.user_id IS NULL OR NOT u.is_active OR u.domain_name <> s.domain_name
UNION ALL
SELECT 'kept', m.group_id, s.group_name, NULL, NULL, m.email, m.user_id, s.domain_name
FROM member_step AS m
JOIN project_step AS s ON s.group_id = m.group_id AND s.step IS NOT NULL
WHERE m.is_kept;
DELETE FROM member_step WHERE is_kept;
