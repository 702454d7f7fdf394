-- Differences between the day's agents and the stored ones, for the statements that follow; was_active is null for a
-- new agent. D7: a record of the roster takes precedence over agent_details; without a roster record the status is
-- unchanged, and a new agent is inactive.
CREATE TEMP TABLE agent_change ON COMMIT DROP AS
SELECT s.agent_id, {s.agents}, coalesce(s.active, t.active, FALSE) AS active, t.active AS was_active
FROM (
    SELECT DISTINCT ON (agent_id)
        agent_id, {agents}, CASE source WHEN 'agents' THEN active END AS active
    FROM agent_record
    ORDER BY agent_id, source DESC  -- 'agents' after 'agent_details'
) AS s
LEFT JOIN agents AS t ON t.agent_id = s.agent_id
WHERE t.agent_id IS NULL
   OR (t.active, {t.agents}) IS DISTINCT FROM (coalesce(s.active, t.active), {s.agents});
ANALYZE agent_change (agent_id, was_active, active);
