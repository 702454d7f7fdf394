-- What differs between the tables after the applied days {first} and {second}, in the form of plan_rows.sql, as a table of
-- this transaction. By the histories: the rows that hold after one of the two days (was: the first) and not after the
-- other. Where {first} is null everything is new.
CREATE TEMPORARY TABLE day_change ON COMMIT DROP AS
WITH day AS MATERIALIZED (
    SELECT d.sync_day, coalesce((d.sort_key, d.sync_day) <= (f.sort_key, f.sync_day), FALSE) AS by_first,
           (d.sort_key, d.sync_day) <= (s.sort_key, s.sync_day) AS by_second
    FROM directory.sync_days AS d
    JOIN directory.sync_days AS s ON s.sync_day = {second}
    LEFT JOIN directory.sync_days AS f ON f.sync_day = {first}
),
changed_group AS (
    SELECT group_id, bool_or(was) AS was_there, NOT bool_and(was) AS is_there,
           max(name) FILTER (WHERE was) AS old_name, max(name) FILTER (WHERE NOT was) AS name,
           max(parent_group_id) FILTER (WHERE was) AS old_parent, max(parent_group_id) FILTER (WHERE NOT was) AS parent,
           bool_or(inactive) FILTER (WHERE was) AS was_inactive, bool_or(inactive) FILTER (WHERE NOT was) AS inactive
    FROM (
        SELECT h.*, b.by_first AND e.by_first IS NOT TRUE AS was, b.by_second AND e.by_second IS NOT TRUE AS holds
        FROM directory.group_history AS h
        JOIN day AS b ON b.sync_day = h.from_day
        LEFT JOIN day AS e ON e.sync_day = h.to_day
    ) AS h
    WHERE was <> holds
    GROUP BY group_id
),
changed_agent AS (
    SELECT agent_id, bool_or(was) AS was_there, NOT bool_and(was) AS is_there,
           bool_or(active) FILTER (WHERE was) AS was_active, bool_or(active) FILTER (WHERE NOT was) AS active,
           max(concat_ws(', ', name, email)) FILTER (WHERE was) AS old_name,
           max(concat_ws(', ', name, email)) FILTER (WHERE NOT was) AS name,
           count(DISTINCT (name, email)) > 1 AS has_changed
    FROM (
        SELECT h.*, b.by_first AND e.by_first IS NOT TRUE AS was, b.by_second AND e.by_second IS NOT TRUE AS holds
        FROM directory.agent_history AS h
        JOIN day AS b ON b.sync_day = h.from_day
        LEFT JOIN day AS e ON e.sync_day = h.to_day
    ) AS h
    WHERE was <> holds
    GROUP BY agent_id
),
changed_membership AS (
    SELECT group_id, agent_id, bool_or(was) AS was_there
    FROM (
        SELECT h.*, b.by_first AND e.by_first IS NOT TRUE AS was, b.by_second AND e.by_second IS NOT TRUE AS holds
        FROM directory.membership_history AS h
        JOIN day AS b ON b.sync_day = h.from_day
        LEFT JOIN day AS e ON e.sync_day = h.to_day
    ) AS h
    WHERE was <> holds
    GROUP BY group_id, agent_id
    HAVING count(*) = 1
)
SELECT CASE WHEN inactive THEN 'groups_turned_inactive' ELSE 'groups_turned_active' END AS kind,
       group_id, NULL::BIGINT AS agent_id, NULL::TEXT AS before, NULL::TEXT AS after
FROM changed_group
WHERE was_inactive <> inactive
UNION ALL
SELECT 'groups_new', group_id, NULL, NULL, name FROM changed_group WHERE NOT was_there
UNION ALL
SELECT 'groups_gone', group_id, NULL, old_name, NULL FROM changed_group WHERE NOT is_there
UNION ALL
SELECT 'groups_moved', group_id, NULL, old_parent::TEXT, parent::TEXT
FROM changed_group
WHERE was_there AND is_there AND old_parent IS DISTINCT FROM parent
UNION ALL
SELECT 'groups_renamed', group_id, NULL, old_name, name FROM changed_group WHERE old_name <> name
UNION ALL
SELECT since.kind, m.group_id, NULL, NULL, NULL
FROM directory.missing_groups AS m
CROSS JOIN LATERAL (VALUES ('groups_missing', m.since_day), ('groups_ended', m.ended_day)) AS since (kind, sync_day)
JOIN day AS b ON b.sync_day = since.sync_day
LEFT JOIN day AS e ON e.sync_day = m.to_day
WHERE NOT b.by_first AND b.by_second AND e.by_second IS NOT TRUE
UNION ALL
SELECT CASE WHEN active THEN 'agents_reactivated' ELSE 'agents_deactivated' END, NULL, agent_id, NULL, NULL
FROM changed_agent
WHERE was_active <> active
UNION ALL
SELECT 'agents_new', NULL, agent_id, NULL, name FROM changed_agent WHERE NOT was_there
UNION ALL
SELECT 'agents_gone', NULL, agent_id, old_name, NULL FROM changed_agent WHERE NOT is_there
UNION ALL
SELECT 'agents_changed', NULL, agent_id, old_name, name
FROM changed_agent
WHERE was_there AND is_there AND has_changed
UNION ALL
SELECT CASE WHEN was_there THEN 'memberships_removed' ELSE 'memberships_added' END, group_id, agent_id, NULL, NULL
FROM changed_membership;
ANALYZE day_change;
