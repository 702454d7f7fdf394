-- looks at the memberships that this transaction wrote
-- xmin identifies them, whatever statement wrote them: one pass, which joins no other rows.
SELECT m.group_id, m.agent_id, g.group_id IS NULL AS group_is_missing, a.agent_id IS NULL AS agent_is_missing
FROM group_membership AS m
LEFT JOIN groups AS g ON g.group_id = m.group_id
LEFT JOIN agents AS a ON a.agent_id = m.agent_id
WHERE m.xmin = pg_current_xact_id()::XID AND (g.group_id IS NULL OR a.agent_id IS NULL)
