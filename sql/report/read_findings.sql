-- The first %(limit)s findings of each code of the day, with the names that groups and agents have now. Texts are cut
-- after %(longest)s signs.
SELECT f.code, f.severity, f.rows, f.file, f.position, f.group_id, g.name AS group_name,
       f.agent_id, coalesce(a.name, a.email) AS agent_name,
       left(f.detail, %(longest)s) AS detail, left(f.raw, %(longest)s) AS raw, length(f.raw) > %(longest)s AS is_cut
FROM (
    SELECT *, count(*) OVER (PARTITION BY code) AS rows,
           row_number() OVER (PARTITION BY code ORDER BY file, position, group_id, agent_id, detail) AS ordinal
    FROM directory.findings
    WHERE sync_day = %(sync_day)s
) AS f
LEFT JOIN directory.groups AS g ON g.group_id = f.group_id
LEFT JOIN directory.agents AS a ON a.agent_id = f.agent_id
WHERE f.ordinal <= %(limit)s
ORDER BY f.code, f.ordinal;
