-- Few rows wait, so all are compared: first what this day had said before, when its content was another.
DELETE FROM pending_history AS h
WHERE h.from_day = {sync_day} AND h.to_day IS NULL
  AND NOT EXISTS (SELECT FROM pending_membership AS t WHERE t.group_id = h.group_id AND t.agent_id = h.agent_id);
UPDATE pending_history AS h
SET to_day = NULL
FROM pending_membership AS t
WHERE t.group_id = h.group_id AND t.agent_id = h.agent_id AND h.to_day = {sync_day};
UPDATE pending_history AS h
SET to_day = {sync_day}
WHERE h.to_day IS NULL
  AND NOT EXISTS (SELECT FROM pending_membership AS t WHERE t.group_id = h.group_id AND t.agent_id = h.agent_id);
INSERT INTO pending_history (group_id, agent_id, from_day)
SELECT t.group_id, t.agent_id, {sync_day}
FROM pending_membership AS t
WHERE NOT EXISTS (
    SELECT FROM pending_history AS h WHERE h.group_id = t.group_id AND h.agent_id = t.agent_id AND h.to_day IS NULL
)
ORDER BY t.group_id, t.agent_id;
