-- Only on a day with a roster: who is not in it is inactive, unless the roster's record was there but rejected. P7: of
-- a rejected record whose id cannot be read nobody knows whose it was, so then nobody is inactive for being absent.
-- The change of an agent is one row, also where agent_details changed the name of somebody who is absent.
WITH absent AS (
    UPDATE agents AS t
    SET active = FALSE
    WHERE t.active
      AND NOT EXISTS (SELECT FROM agent_record AS s WHERE s.agent_id = t.agent_id AND s.source = 'agents')
      AND NOT EXISTS (SELECT FROM finding AS f WHERE f.agent_id = t.agent_id AND f.file LIKE 'agents/%%')
      AND NOT EXISTS (SELECT FROM finding AS f WHERE f.agent_id IS NULL AND f.file LIKE 'agents/%%')
    RETURNING t.agent_id
), changed AS (
    UPDATE agent_change AS c
    SET active = FALSE
    FROM absent AS a
    WHERE a.agent_id = c.agent_id
    RETURNING c.agent_id
)
INSERT INTO agent_change (agent_id, active, was_active)
SELECT agent_id, FALSE, TRUE
FROM absent
WHERE agent_id NOT IN (SELECT agent_id FROM changed);
