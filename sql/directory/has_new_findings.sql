-- Compared as multisets, so that equal findings are not written again.
WITH staged AS (
    SELECT f.code, v.severity, f.file, f.position, f.group_id, f.agent_id, f.detail, f.raw
    FROM finding AS f
    LEFT JOIN finding_severity AS v ON v.code = f.code
),
stored AS (
    SELECT code, severity, file, position, group_id, agent_id, detail, raw
    FROM findings
    WHERE sync_day = %(sync_day)s
)
SELECT (SELECT count(*) FROM staged) <> (SELECT count(*) FROM stored)
    OR EXISTS (SELECT * FROM staged EXCEPT ALL SELECT * FROM stored) AS has_new_findings;
