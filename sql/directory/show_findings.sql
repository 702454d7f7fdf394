-- The findings of a day with the names of their groups and agents, at most %(limit)s of each code. First those of
-- whole files that could not be read, since they block the day (D14); then errors, then warnings.
SELECT found.code, found.severity, found.file, found.position, found.group_id, g.name AS group_name, found.agent_id,
       a.name AS agent_name, found.detail, found.raw, found.is_whole_file
FROM unnest(%(codes)s::TEXT[]) AS codes (code)
CROSS JOIN LATERAL (
    SELECT f.*, f.code = 'invalid_json' AND f.position IS NULL AS is_whole_file
    FROM directory.findings AS f
    WHERE f.sync_day = %(sync_day)s AND f.code = codes.code
    ORDER BY f.position IS NOT NULL, f.file, f.position, f.group_id, f.agent_id
    LIMIT %(limit)s
) AS found
LEFT JOIN directory.groups AS g ON g.group_id = found.group_id
LEFT JOIN directory.agents AS a ON a.agent_id = found.agent_id
ORDER BY found.is_whole_file DESC, found.severity, found.code, found.file, found.position, found.group_id,
         found.agent_id;
