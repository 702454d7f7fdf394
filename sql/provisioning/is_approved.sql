-- Whether the newest decision approves this plan, and the plan was not applied since.
SELECT EXISTS (
    SELECT
    FROM (
        SELECT d.decision, d.plan_id, d.decided_at
        FROM directory.sync_decisions AS d
        WHERE d.sync_day = %(label)s
        ORDER BY d.decision_id DESC
        LIMIT 1
    ) AS newest
    WHERE newest.decision = 'approve' AND newest.plan_id = %(plan_id)s
      AND NOT EXISTS (
          SELECT FROM directory.sync_plans AS p
          WHERE p.sync_day = %(label)s AND p.plan_id = %(plan_id)s AND p.outcome = 'applied'
            AND p.made_at >= newest.decided_at
      )
);
