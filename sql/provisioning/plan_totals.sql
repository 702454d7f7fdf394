-- What the limits of provisioning are shares of, and what of the plan was approved and not finished.
SELECT (SELECT count(*) FROM linked WHERE is_active AND (rule_id IS NOT NULL OR EXISTS (
            SELECT FROM claim AS c WHERE c.group_id = linked.group_id
        ))) AS live_projects,
       (SELECT count(*) FROM linked
        JOIN manager.association_groups_users AS m ON m.group_id = linked.project_id
        WHERE linked.is_active) AS linked_members,
       (SELECT count(*) FROM project_step AS s
        JOIN manager.approved_removals AS a ON a.project_id = s.project_id AND a.user_id IS NULL
        WHERE s.step = 'delete') AS projects_deleted,
       (SELECT count(*) FROM member_step AS m
        JOIN manager.approved_removals AS a ON a.project_id = m.project_id AND a.user_id = m.user_id
        WHERE NOT m.is_added) AS members_removed;
