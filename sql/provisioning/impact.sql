-- M7: live projects that the rows of a day's plan would take every member from, or would have deleted, with what they
-- hold. tables: the schema that is as the day leaves it. rows: of the plan. The digest is of the project alone, so
-- that a kernel that starts meanwhile makes no other plan of the day, unless it is the project's first.
CREATE TEMP TABLE impact ON COMMIT DROP AS
WITH changed AS MATERIALIZED (
    SELECT kind, group_id, agent_id
    FROM ({rows}) AS every
    WHERE kind IN ('groups_turned_inactive', 'memberships_removed', 'agents_deactivated')
),
linked AS MATERIALIZED (
    SELECT p.id, manager.directory_group_of(p.integration_id) AS group_id, p.domain_name || '/' || p.name AS project,
           made.rule_id IS NOT NULL AS is_provisioned, coalesce(rule.members_of, 'direct') = 'direct' AS is_direct
    FROM manager.groups AS p
    LEFT JOIN manager.provisioned_projects AS made ON made.project_id = p.id
    LEFT JOIN manager.provisioning_rules AS rule ON rule.id = made.rule_id
    WHERE p.is_active AND p.integration_id LIKE 'directory:%'
      AND manager.directory_group_of(p.integration_id) IS NOT NULL
),
left_by AS (  -- groups that an agent leaves who was active
    SELECT c.group_id
    FROM changed AS c
    JOIN {tables}.agents AS a ON a.agent_id = c.agent_id
    WHERE c.kind = 'memberships_removed'
      AND (a.active OR EXISTS (
          SELECT FROM changed AS d WHERE d.kind = 'agents_deactivated' AND d.agent_id = c.agent_id
      ))
    UNION
    SELECT l.group_id
    FROM linked AS l
    JOIN {tables}.group_membership AS m ON m.group_id = l.group_id
    JOIN changed AS c ON c.kind = 'agents_deactivated' AND c.agent_id = m.agent_id
),
hit AS (
    SELECT l.*, CASE WHEN is_inactive AND l.is_provisioned THEN 'projects_to_be_deleted'
                     ELSE 'projects_losing_all_members' END AS kind
    FROM linked AS l
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM changed AS c WHERE c.kind = 'groups_turned_inactive' AND c.group_id = l.group_id
        )
    ) AS flag (is_inactive)
    WHERE is_inactive OR l.is_direct AND l.group_id IN (SELECT group_id FROM left_by) AND NOT EXISTS (
        SELECT
        FROM {tables}.group_membership AS m
        JOIN {tables}.agents AS a ON a.agent_id = m.agent_id AND a.active
        WHERE m.group_id = l.group_id
    )
),
held AS (
    SELECT hit.*, kernels.running,
           concat_ws(
               ', ',
               kernels.running || CASE kernels.running WHEN 1 THEN ' running kernel' ELSE ' running kernels' END,
               slots.used,
               folders.number || CASE folders.number WHEN 1 THEN ' folder' ELSE ' folders' END
           ) AS holds
    FROM hit
    CROSS JOIN LATERAL (
        SELECT count(*) AS running
        FROM manager.kernels AS k
        WHERE k.group_id = hit.id AND manager.is_live_status(k.status)
    ) AS kernels
    CROSS JOIN LATERAL (
        SELECT string_agg(slot || ' ' || amount, ', ' ORDER BY slot) AS used
        FROM (
            SELECT o.key AS slot, sum(o.value::NUMERIC) AS amount
            FROM manager.kernels AS k
            CROSS JOIN LATERAL jsonb_each_text(k.occupied_slots) AS o
            WHERE k.group_id = hit.id AND manager.is_live_status(k.status) AND o.value ~ '^[0-9.]+$'
            GROUP BY o.key
        ) AS sums
    ) AS slots
    CROSS JOIN LATERAL (
        SELECT count(*) AS number FROM manager.vfolders AS f WHERE f."group" = hit.id
    ) AS folders
)
SELECT kind, group_id, NULL::BIGINT AS agent_id, project AS before, holds AS after,
       hashtextextended(concat(kind, id), 0) AS digest
FROM held
UNION ALL
SELECT 'projects_with_running_kernels', group_id, NULL, project, holds,
       hashtextextended(concat('projects_with_running_kernels', id), 0)
FROM held
WHERE running > 0;
