-- Only on a day with a roster: agents that are not in it become inactive, except those whose record was rejected.
WITH absent AS (
    UPDATE agents AS t
    SET active = FALSE
    WHERE t.active
      AND NOT EXISTS (SELECT FROM agent_record AS s WHERE s.agent_id = t.agent_id AND s.source = 'agents')
      AND NOT EXISTS (SELECT FROM finding AS f WHERE f.agent_id = t.agent_id AND f.file LIKE 'agents/%%')
    RETURNING t.agent_id
)
INSERT INTO agent_change (agent_id, active, was_active)
SELECT agent_id, FALSE, TRUE FROM absent;
