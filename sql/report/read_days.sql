-- The newest %(limit)s applied days up to the given one, oldest first: what was read, accepted, rejected and found on
-- each, and what was stored after it. The given day need not be applied. Each history is read once: what begins on a day
-- counts from it on, what ends on a day no longer. Days before the histories begin have no totals.
WITH applied AS (
    SELECT sync_day, sort_key, counts, applied_at, row_number() OVER (ORDER BY sort_key, sync_day) AS ordinal
    FROM directory.sync_days
),
step AS (
    SELECT from_day AS sync_day, count(*) AS groups, count(*) FILTER (WHERE inactive) AS inactive_groups,
           0 AS memberships, 0 AS agents, 0 AS active_agents
    FROM directory.group_history
    GROUP BY from_day
    UNION ALL
    SELECT to_day, -count(*), -count(*) FILTER (WHERE inactive), 0, 0, 0
    FROM directory.group_history
    WHERE to_day IS NOT NULL
    GROUP BY to_day
    UNION ALL
    SELECT from_day, 0, 0, count(*), 0, 0 FROM directory.membership_history GROUP BY from_day
    UNION ALL
    SELECT to_day, 0, 0, -count(*), 0, 0 FROM directory.membership_history WHERE to_day IS NOT NULL GROUP BY to_day
    UNION ALL
    SELECT from_day, 0, 0, 0, count(*), count(*) FILTER (WHERE active) FROM directory.agent_history GROUP BY from_day
    UNION ALL
    SELECT to_day, 0, 0, 0, -count(*), -count(*) FILTER (WHERE active)
    FROM directory.agent_history
    WHERE to_day IS NOT NULL
    GROUP BY to_day
),
stored AS (
    SELECT applied.*,
           sum(summed.groups) OVER upward AS groups, sum(summed.inactive_groups) OVER upward AS inactive_groups,
           sum(summed.memberships) OVER upward AS memberships,
           sum(summed.agents) OVER upward AS agents, sum(summed.active_agents) OVER upward AS active_agents
    FROM applied
    LEFT JOIN (
        SELECT sync_day, sum(groups) AS groups, sum(inactive_groups) AS inactive_groups,
               sum(memberships) AS memberships, sum(agents) AS agents, sum(active_agents) AS active_agents
        FROM step
        GROUP BY sync_day
    ) AS summed USING (sync_day)
    WINDOW upward AS (ORDER BY applied.ordinal)
),
newest AS (
    SELECT *
    FROM stored
    WHERE (sort_key, sync_day) <= (%(sort_key)s::TEXT COLLATE "C", %(sync_day)s)
    ORDER BY ordinal DESC
    LIMIT %(limit)s
)
SELECT sync_day, applied_at,
       (counts -> 'groups' ->> 'read')::BIGINT AS groups_read,
       (counts -> 'groups' ->> 'accepted')::BIGINT AS groups_accepted,
       (counts -> 'groups' ->> 'rejected')::BIGINT AS groups_rejected,
       (counts -> 'agents' ->> 'read')::BIGINT AS agents_read,
       (counts -> 'agents' ->> 'accepted')::BIGINT AS agents_accepted,
       (counts -> 'agents' ->> 'rejected')::BIGINT AS agents_rejected,
       (SELECT sum(found.value::BIGINT) FROM jsonb_each_text(counts -> 'findings') AS found)::BIGINT AS findings,
       groups::BIGINT, inactive_groups::BIGINT, memberships::BIGINT, agents::BIGINT, active_agents::BIGINT
FROM newest
ORDER BY ordinal;
