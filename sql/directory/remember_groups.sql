-- The rows as they were, for a replay from this day. Of content delivered again the first row before the day counts.
INSERT INTO rows_before (sync_day, kind, id, before)
SELECT %(sync_day)s, 'group', t.group_id, to_jsonb(t)
FROM group_change AS c
JOIN groups AS t ON t.group_id = c.group_id
WHERE NOT c.is_new
ON CONFLICT DO NOTHING;
