-- Whether the newest decision approves this plan as it waits: an approval is used up by the run that applies the plan.
SELECT EXISTS (
    SELECT
    FROM (
        SELECT d.decision, d.plan_id, d.decided_at
        FROM directory.sync_decisions AS d
        WHERE d.sync_day = %(label)s
        ORDER BY d.decision_id DESC
        LIMIT 1
    ) AS newest
    JOIN directory.sync_plans AS p ON p.sync_day = %(label)s AND p.plan_id = newest.plan_id
    WHERE newest.decision = 'approve' AND newest.plan_id = %(plan_id)s
      AND p.outcome <> 'applied' AND p.made_at <= newest.decided_at
);
