-- fail, agents: every accepted agent is stored as its record says, and the roster's word on who is active holds.
SELECT coalesce(roster.agent_id, details.agent_id) AS agent_id, roster.active AS upstream_active, t.active AS stored_active,
       coalesce(roster.name, details.name) AS upstream_name, t.name AS stored_name
FROM (SELECT * FROM agent_record WHERE source = 'agents') AS roster
FULL JOIN (SELECT * FROM agent_record WHERE source = 'agent_details') AS details ON details.agent_id = roster.agent_id
LEFT JOIN directory.agents AS t ON t.agent_id = coalesce(roster.agent_id, details.agent_id)
WHERE t.agent_id IS NULL
   OR t.active <> roster.active
   OR (roster.agent_id IS NOT NULL
       AND (t.email, t.name, t.created_at, t.updated_at)
           IS DISTINCT FROM (roster.email, roster.name, roster.created_at, roster.updated_at))
   OR (roster.agent_id IS NULL
       AND (t.email, t.name, t.created_at, t.updated_at)
           IS DISTINCT FROM (details.email, details.name, details.created_at, details.updated_at))
