-- Findings of a day with the names of their groups and agents; first the files that nobody could read, by which the day
-- is incomplete, then errors, then warnings.
SELECT f.sync_day, f.code, f.severity, f.file, f.position, f.group_id, g.name AS group_name, f.agent_id,
       coalesce(a.name, a.email) AS agent_name, f.detail, f.raw
FROM (
    SELECT sync_day, code, severity, file, position, group_id, agent_id, detail, raw,
           code = 'invalid_json' AND position IS NULL AS is_blocking
    FROM directory.findings
    WHERE sync_day = %(sync_day)s AND (%(code)s::TEXT IS NULL OR code = %(code)s)
    ORDER BY is_blocking DESC, severity, code, file, position, group_id, agent_id
    LIMIT %(limit)s
) AS f
LEFT JOIN directory.groups AS g ON g.group_id = f.group_id
LEFT JOIN directory.agents AS a ON a.agent_id = f.agent_id
ORDER BY f.is_blocking DESC, f.severity, f.code, f.file, f.position, f.group_id, f.agent_id;
