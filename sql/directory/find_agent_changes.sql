-- Where the day's agents and the stored ones differ, found once for the statements that follow; was_active is null for
-- a new agent. D7: the roster's record before the one of agent_details; without a roster record the status stays as it
-- was, and a new agent is inactive.
CREATE TEMP TABLE agent_change ON COMMIT DROP AS
SELECT s.agent_id, s.email, s.name, coalesce(s.active, t.active, FALSE) AS active, s.created_at, s.updated_at,
       t.active AS was_active
FROM (
    SELECT DISTINCT ON (agent_id)
        agent_id, email, name, CASE source WHEN 'agents' THEN active END AS active, created_at, updated_at
    FROM agent_record
    ORDER BY agent_id, source DESC  -- 'agents' after 'agent_details'
) AS s
LEFT JOIN directory.agents AS t ON t.agent_id = s.agent_id
WHERE t.agent_id IS NULL
   OR (t.email, t.name, t.active, t.created_at, t.updated_at)
      IS DISTINCT FROM (s.email, s.name, coalesce(s.active, t.active), s.created_at, s.updated_at);
ANALYZE agent_change (agent_id, was_active, active);
