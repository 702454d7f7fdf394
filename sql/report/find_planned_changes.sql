-- What the day would change, as far as its plan has samples of it, in the form and place of find_changes.sql.
CREATE TEMPORARY TABLE day_change ON COMMIT DROP AS
SELECT sampled.kind, row.group_id, row.agent_id, row.before, row.after, row.before_name, row.after_name
FROM directory.sync_plans AS plan
CROSS JOIN LATERAL jsonb_each(plan.samples) AS sampled (kind, rows)
CROSS JOIN LATERAL jsonb_to_recordset(sampled.rows)
    AS row (group_id BIGINT, agent_id BIGINT, before TEXT, after TEXT, before_name TEXT, after_name TEXT)
WHERE plan.sync_day = {sync_day} AND plan.plan_id = {plan_id};
