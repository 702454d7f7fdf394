-- M7: live projects that the rows of a day's plan would take every member from, or would have deleted, with what they
-- hold. tables: the schema that is as the day leaves it. rows: of the plan. The digest is of the project alone, so
-- that a kernel that starts meanwhile makes no other plan of the day, unless it is the project's first.
CREATE TEMP TABLE impact ON COMMIT DROP AS
WITH RECURSIVE changed AS MATERIALIZED (
    SELECT kind, group_id, agent_id
    FROM ({rows}) AS every
    WHERE kind IN (
        'groups_turned_inactive', 'groups_moved', 'groups_missing', 'memberships_removed', 'agents_deactivated'
    )
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
above (root, group_id) AS (  -- the groups of provisioned projects, and what is above them then, if any group moves
    SELECT l.group_id, l.group_id
    FROM linked AS l
    WHERE l.is_provisioned AND EXISTS (SELECT FROM changed AS c WHERE c.kind = 'groups_moved')
    UNION
    SELECT above.root, g.parent_group_id
    FROM above
    JOIN {tables}.groups AS g ON g.group_id = above.group_id AND g.parent_group_id IS NOT NULL
),
unclaimed AS (  -- of those that move, or of which one above moves, what no rule has then
    SELECT above.root AS group_id
    FROM above
    LEFT JOIN changed AS c ON c.kind = 'groups_moved' AND c.group_id = above.group_id
    LEFT JOIN manager.provisioning_rules AS rule
        ON rule.directory_group_id = above.group_id AND (rule.with_groups_below OR above.group_id = above.root)
    GROUP BY above.root
    HAVING count(c.group_id) > 0 AND count(rule.id) = 0
),
hit AS (
    SELECT l.*, CASE WHEN l.is_provisioned AND (is_inactive OR is_unclaimed) THEN 'projects_to_be_deleted'
                     ELSE 'projects_losing_all_members' END AS kind
    FROM linked AS l
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT
            FROM changed AS c
            WHERE c.group_id = l.group_id AND (c.kind = 'groups_turned_inactive' OR c.kind = 'groups_missing' AND NOT EXISTS (
                SELECT FROM {tables}.groups AS g WHERE g.group_id = c.group_id  -- a replay knows nothing of it
            ))
        ), l.group_id IN (SELECT u.group_id FROM unclaimed AS u)
    ) AS flag (is_inactive, is_unclaimed)
    WHERE is_inactive OR is_unclaimed OR l.is_direct AND l.group_id IN (SELECT group_id FROM left_by) AND NOT EXISTS (
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
            SELECT o.slot, sum(coalesce(manager.figure(k.occupied_slots, o.slot), 0)) AS amount
            FROM manager.kernels AS k
            CROSS JOIN LATERAL jsonb_path_query(k.occupied_slots, 'strict $.keyvalue().key', silent => TRUE) AS s
            CROSS JOIN LATERAL (SELECT s #>> '{{}}') AS o (slot)
            WHERE k.group_id = hit.id AND manager.is_live_status(k.status)
            GROUP BY o.slot
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
