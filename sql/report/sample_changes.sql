-- The first %(limit)s changes of a kind, with the names that groups and agents had after the day %(sync_day)s, and of a
-- group that moved the names of its parents.
SELECT c.group_id, coalesce(g.name, CASE WHEN c.group_id IS NOT NULL THEN coalesce(c.after, c.before) END) AS group_name,
       c.agent_id, coalesce(a.name, a.email, CASE WHEN c.group_id IS NULL THEN coalesce(c.after, c.before) END) AS agent_name,
       CASE WHEN c.kind = 'groups_moved' THEN coalesce(old.name, 'group ' || c.before) ELSE c.before END AS before,
       CASE WHEN c.kind = 'groups_moved' THEN coalesce(new.name, 'group ' || c.after) ELSE c.after END AS after
FROM (
    SELECT * FROM report_change WHERE kind = %(kind)s ORDER BY group_id, agent_id LIMIT %(limit)s
) AS c
LEFT JOIN report_group AS g ON g.group_id = c.group_id
LEFT JOIN report_group AS old ON old.group_id = CASE WHEN c.kind = 'groups_moved' THEN c.before::BIGINT END
LEFT JOIN report_group AS new ON new.group_id = CASE WHEN c.kind = 'groups_moved' THEN c.after::BIGINT END
LEFT JOIN LATERAL (
    SELECT h.name, h.email
    FROM directory.agent_history AS h
    JOIN directory.sync_days AS first ON first.sync_day = h.from_day
    WHERE h.agent_id = c.agent_id
    ORDER BY (first.sort_key, first.sync_day) <= (%(sort_key)s::TEXT COLLATE "C", %(sync_day)s) DESC,
             first.sort_key DESC, first.sync_day DESC
    LIMIT 1
) AS a ON TRUE
ORDER BY c.group_id, c.agent_id;
