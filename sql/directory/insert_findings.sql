-- An unknown code has no severity, which the table refuses, so that no finding is dropped silently.
INSERT INTO findings (sync_day, code, severity, file, position, group_id, agent_id, detail, raw)
SELECT %(sync_day)s, f.code, v.severity, f.file, f.position, f.group_id, f.agent_id, f.detail, f.raw
FROM finding AS f
LEFT JOIN finding_severity AS v ON v.code = f.code;
