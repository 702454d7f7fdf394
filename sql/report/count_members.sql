-- Of each of these groups, how many members it had after the applied day, and how many of them were active.
WITH known AS MATERIALIZED (SELECT directory.days_until(%(sync_day)s) AS sync_day)
SELECT m.group_id, count(*) AS members, count(*) FILTER (WHERE a.active) AS active_members
FROM directory.membership_history AS m
LEFT JOIN directory.agent_history AS a
    ON a.agent_id = m.agent_id
    AND a.from_day IN (SELECT sync_day FROM known)
    AND (a.to_day IS NULL OR a.to_day NOT IN (SELECT sync_day FROM known))
WHERE m.group_id = ANY(%(group_ids)s)
  AND m.from_day IN (SELECT sync_day FROM known)
  AND (m.to_day IS NULL OR m.to_day NOT IN (SELECT sync_day FROM known))
GROUP BY m.group_id;
