-- D7: the roster's record before the one of agent_details; without a roster record the status stays as it was.
UPDATE directory.agents AS t
SET email = s.email, name = s.name, active = coalesce(s.active, t.active),
    created_at = s.created_at, updated_at = s.updated_at
FROM (
    SELECT DISTINCT ON (agent_id)
        agent_id, email, name, CASE source WHEN 'agents' THEN active END AS active, created_at, updated_at
    FROM agent_record
    ORDER BY agent_id, source DESC  -- 'agents' after 'agent_details'
) AS s
WHERE s.agent_id = t.agent_id
  AND (t.email, t.name, t.active, t.created_at, t.updated_at)
      IS DISTINCT FROM (s.email, s.name, coalesce(s.active, t.active), s.created_at, s.updated_at);
