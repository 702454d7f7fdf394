-- What differs between the tables after the applied days {first} and {second}, as a table of this transaction: in the
-- form of plan_rows.sql, with the names that the parents of a group that moved have after {second}. By the histories:
-- span are the days between, of which a row begins or ends on one, and not both; was: it held after {first}, not after
-- {second}. Where {first} is null everything is new. is_back: {first} is the later day.
CREATE TEMPORARY TABLE day_change ON COMMIT DROP AS
WITH span AS MATERIALIZED (
    SELECT d.sync_day, (d.sort_key, d.sync_day) > (s.sort_key, s.sync_day) AS is_back
    FROM directory.sync_days AS d
    JOIN directory.sync_days AS s ON s.sync_day = {second}
    LEFT JOIN directory.sync_days AS f ON f.sync_day = {first}
    WHERE ((d.sort_key, d.sync_day) <= (s.sort_key, s.sync_day))
       <> coalesce((d.sort_key, d.sync_day) <= (f.sort_key, f.sync_day), FALSE)
),
direction AS MATERIALIZED (
    SELECT bool_or(is_back) AS is_back FROM span
),
changed_group AS (
    SELECT group_id, bool_or(was) AS was_there, NOT bool_and(was) AS is_there,
           max(name) FILTER (WHERE was) AS old_name, max(name) FILTER (WHERE NOT was) AS name,
           max(parent_group_id) FILTER (WHERE was) AS old_parent, max(parent_group_id) FILTER (WHERE NOT was) AS parent,
           bool_or(inactive) FILTER (WHERE was) AS was_inactive, bool_or(inactive) FILTER (WHERE NOT was) AS inactive
    FROM (
        SELECT h.*, (h.from_day IN (SELECT sync_day FROM span)) = d.is_back AS was
        FROM directory.group_history AS h, direction AS d
        WHERE (h.from_day IN (SELECT sync_day FROM span)) <> coalesce(h.to_day IN (SELECT sync_day FROM span), FALSE)
    ) AS h
    GROUP BY group_id
),
changed_agent AS (
    SELECT agent_id, bool_or(was) AS was_there, NOT bool_and(was) AS is_there,
           bool_or(active) FILTER (WHERE was) AS was_active, bool_or(active) FILTER (WHERE NOT was) AS active,
           max(concat_ws(', ', name, email)) FILTER (WHERE was) AS old_name,
           max(concat_ws(', ', name, email)) FILTER (WHERE NOT was) AS name,
           count(DISTINCT (name, email)) > 1 AS has_changed
    FROM (
        SELECT h.*, (h.from_day IN (SELECT sync_day FROM span)) = d.is_back AS was
        FROM directory.agent_history AS h, direction AS d
        WHERE (h.from_day IN (SELECT sync_day FROM span)) <> coalesce(h.to_day IN (SELECT sync_day FROM span), FALSE)
    ) AS h
    GROUP BY agent_id
),
changed_membership AS (
    SELECT group_id, agent_id, bool_or(was) AS was_there
    FROM (
        SELECT h.*, (h.from_day IN (SELECT sync_day FROM span)) = d.is_back AS was
        FROM directory.membership_history AS h, direction AS d
        WHERE (h.from_day IN (SELECT sync_day FROM span)) <> coalesce(h.to_day IN (SELECT sync_day FROM span), FALSE)
    ) AS h
    GROUP BY group_id, agent_id
    HAVING count(*) = 1
)
SELECT CASE WHEN inactive THEN 'groups_turned_inactive' ELSE 'groups_turned_active' END AS kind, group_id,
       NULL::BIGINT AS agent_id, NULL::TEXT AS before, NULL::TEXT AS after,
       NULL::TEXT AS before_name, NULL::TEXT AS after_name
FROM changed_group
WHERE was_inactive <> inactive
UNION ALL
SELECT 'groups_new', group_id, NULL, NULL, name, NULL, NULL FROM changed_group WHERE NOT was_there
UNION ALL
SELECT 'groups_gone', group_id, NULL, old_name, NULL, NULL, NULL FROM changed_group WHERE NOT is_there
UNION ALL
SELECT 'groups_moved', c.group_id, NULL, c.old_parent::TEXT, c.parent::TEXT, was.name, now.name
FROM changed_group AS c
LEFT JOIN directory.groups_as_of({second}) AS was ON was.group_id = c.old_parent
LEFT JOIN directory.groups_as_of({second}) AS now ON now.group_id = c.parent
WHERE c.was_there AND c.is_there AND c.old_parent IS DISTINCT FROM c.parent
UNION ALL
SELECT 'groups_renamed', group_id, NULL, old_name, name, NULL, NULL FROM changed_group WHERE old_name <> name
UNION ALL
SELECT since.kind, m.group_id, NULL, NULL, NULL, NULL, NULL
FROM directory.missing_groups AS m
CROSS JOIN LATERAL (VALUES ('groups_missing', m.since_day), ('groups_ended', m.ended_day)) AS since (kind, from_day)
CROSS JOIN direction AS d
WHERE since.from_day IN (SELECT sync_day FROM span) <> d.is_back
  AND coalesce(m.to_day IN (SELECT sync_day FROM span), FALSE) = d.is_back
UNION ALL
SELECT CASE WHEN active THEN 'agents_reactivated' ELSE 'agents_deactivated' END, NULL, agent_id, NULL, NULL, NULL, NULL
FROM changed_agent
WHERE was_active <> active
UNION ALL
SELECT 'agents_new', NULL, agent_id, NULL, name, NULL, NULL FROM changed_agent WHERE NOT was_there
UNION ALL
SELECT 'agents_gone', NULL, agent_id, old_name, NULL, NULL, NULL FROM changed_agent WHERE NOT is_there
UNION ALL
SELECT 'agents_changed', NULL, agent_id, old_name, name, NULL, NULL
FROM changed_agent
WHERE was_there AND is_there AND has_changed
UNION ALL
SELECT CASE WHEN was_there THEN 'memberships_removed' ELSE 'memberships_added' END, group_id, agent_id,
       NULL, NULL, NULL, NULL
FROM changed_membership;
ANALYZE day_change;
