-- The rows as they were, for a replay from this day. Of content delivered again the first row before the day counts.
INSERT INTO rows_before (sync_day, kind, id, before)
SELECT %(sync_day)s, 'agent', t.agent_id, to_jsonb(t)
FROM agent_change AS c
JOIN agents AS t ON t.agent_id = c.agent_id
WHERE c.was_active IS NOT NULL
ON CONFLICT DO NOTHING;
