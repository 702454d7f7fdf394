-- fail, agents: every accepted agent is stored as its record says, with the status of its roster record.
SELECT coalesce(roster.agent_id, details.agent_id) AS agent_id, roster.active AS upstream_active, t.active AS stored_active,
       coalesce(roster.name, details.name) AS upstream_name, t.name AS stored_name
FROM (SELECT * FROM agent_record WHERE source = 'agents') AS roster
FULL JOIN (SELECT * FROM agent_record WHERE source = 'agent_details') AS details ON details.agent_id = roster.agent_id
LEFT JOIN agents AS t ON t.agent_id = coalesce(roster.agent_id, details.agent_id)
WHERE t.agent_id IS NULL
   OR t.active <> roster.active
   OR (roster.agent_id IS NOT NULL AND ({t.agents}) IS DISTINCT FROM ({roster.agents}))
   OR (roster.agent_id IS NULL AND ({t.agents}) IS DISTINCT FROM ({details.agents}))
