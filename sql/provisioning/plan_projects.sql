-- M4: of each claimed directory group what its project shall be, the project that it has, and what is to be done.
-- step: create, change, restore, delete; null where there is nothing to do, or something is in the way (blocker).
DROP TABLE IF EXISTS pg_temp.claim, pg_temp.linked, pg_temp.project_step;
CREATE TEMP TABLE claim AS
SELECT c.group_id, r.id AS rule_id, r.domain_name, r.resource_policy, r.total_resource_slots, r.members_of, r.is_exact,
       manager.project_name(r.name_template, g.name, g.group_id)::TEXT AS name, g.name AS group_name,
       g.group_id IS NOT NULL AND NOT g.inactive AS is_active, count(*) OVER (PARTITION BY c.group_id) > 1 AS is_twice
FROM manager.claims() AS c
JOIN manager.provisioning_rules AS r ON r.id = c.rule_id
LEFT JOIN directory.groups AS g ON g.group_id = c.group_id;
DELETE FROM claim AS c
USING claim AS other
WHERE c.is_twice AND other.group_id = c.group_id AND other.rule_id < c.rule_id;  -- one row says that it is blocked

CREATE TEMP TABLE linked AS
SELECT p.id AS project_id, manager.directory_group_of(p.integration_id) AS group_id, p.name, p.domain_name, p.is_active,
       p.resource_policy, p.total_resource_slots, p.modified_at, made.rule_id, coalesce(made.is_deleted, FALSE) AS is_deleted
FROM manager.groups AS p
LEFT JOIN manager.provisioned_projects AS made ON made.project_id = p.id
WHERE p.integration_id LIKE 'directory:%' AND manager.directory_group_of(p.integration_id) IS NOT NULL;
ANALYZE claim, linked;

CREATE TEMP TABLE project_step AS
WITH target AS (  -- the active project of the group; else the one that provisioning deleted; else what a person deleted
    SELECT DISTINCT ON (c.group_id)
           c.*, l.project_id, l.name AS old_name, l.domain_name AS old_domain, l.is_active AS was_active,
           l.resource_policy AS old_policy, l.total_resource_slots AS old_slots, l.rule_id AS old_rule_id, l.is_deleted
    FROM claim AS c
    LEFT JOIN linked AS l ON l.group_id = c.group_id
    ORDER BY c.group_id, l.is_active DESC NULLS LAST, l.domain_name = c.domain_name DESC, l.is_deleted DESC,
             l.modified_at DESC, l.project_id
),
step AS (
    SELECT t.*,
           CASE
               WHEN is_twice THEN 'claimed_twice'
               WHEN old_domain <> t.domain_name AND (t.is_active OR was_active) THEN 'linked_elsewhere'
               WHEN t.is_active AND NOT was_active AND NOT is_deleted THEN 'deleted_by_hand'
               WHEN t.is_active AND project_id IS NULL AND policy.name IS NULL THEN 'unknown_policy'
               WHEN t.is_active AND project_id IS NULL AND NOT d.is_active THEN 'inactive_domain'
           END AS blocker,
           CASE
               WHEN NOT t.is_active THEN CASE WHEN was_active THEN 'delete' END
               WHEN project_id IS NULL THEN 'create'
               WHEN was_active THEN 'change'
               ELSE 'restore'
           END AS step,
           policy.name IS NULL AS is_policy_unknown
    FROM target AS t
    JOIN manager.domains AS d ON d.name = t.domain_name
    LEFT JOIN manager.project_resource_policies AS policy ON policy.name = t.resource_policy
),
naming AS (  -- of several groups that want one name, the one with the smallest id gets it
    SELECT s.group_id,
           EXISTS (
               SELECT FROM manager.groups AS p
               WHERE p.name = s.name AND p.domain_name = s.domain_name AND p.id IS DISTINCT FROM s.project_id
           ) OR row_number() OVER (PARTITION BY s.domain_name, s.name ORDER BY s.group_id) > 1 AS is_taken
    FROM step AS s
    WHERE s.blocker IS NULL AND s.step IN ('create', 'change', 'restore') AND s.name IS DISTINCT FROM s.old_name
)
SELECT s.group_id, s.group_name, s.rule_id, s.project_id, s.domain_name, s.members_of, s.is_exact, s.old_name, s.old_domain,
       s.was_active, s.old_rule_id,
       CASE WHEN s.blocker IS NULL AND NOT (s.step = 'create' AND coalesce(n.is_taken, FALSE)) THEN s.step END AS step,
       coalesce(
           s.blocker,
           CASE WHEN s.step <> 'delete' AND n.is_taken THEN 'name_taken' END,
           CASE WHEN s.step <> 'delete' AND s.is_policy_unknown THEN 'unknown_policy' END
       ) AS blocker,
       s.name AS wanted_name, s.resource_policy AS wanted_policy,
       CASE WHEN n.group_id IS NOT NULL AND NOT n.is_taken THEN s.name END AS name,
       CASE WHEN s.step <> 'delete' AND NOT s.is_policy_unknown AND s.resource_policy IS DISTINCT FROM s.old_policy
            THEN s.resource_policy END AS resource_policy,
       CASE WHEN s.step <> 'delete' AND s.total_resource_slots IS DISTINCT FROM s.old_slots
            THEN s.total_resource_slots END AS total_resource_slots
FROM step AS s
LEFT JOIN naming AS n ON n.group_id = s.group_id
UNION ALL
SELECT l.group_id, g.name, l.rule_id, l.project_id, l.domain_name, NULL, FALSE, l.name, l.domain_name, TRUE, l.rule_id,
       'delete', NULL, l.name, l.resource_policy, NULL, NULL, NULL
FROM linked AS l
LEFT JOIN directory.groups AS g ON g.group_id = l.group_id
WHERE l.rule_id IS NOT NULL AND l.is_active AND NOT EXISTS (SELECT FROM claim AS c WHERE c.group_id = l.group_id);
CREATE INDEX ON project_step (group_id, (coalesce(project_id::TEXT, '')));
ANALYZE project_step;
