SELECT sync_day, code, severity, file, position, group_id, agent_id, detail, raw
FROM directory.findings
WHERE sync_day = %(sync_day)s AND (%(code)s::TEXT IS NULL OR code = %(code)s)
ORDER BY severity, code, file, position, group_id, agent_id
LIMIT %(limit)s;
