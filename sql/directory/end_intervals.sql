UPDATE group_history AS h
SET to_day = {sync_day}
FROM touched_group AS c
LEFT JOIN groups AS t ON t.group_id = c.group_id
WHERE h.group_id = c.group_id AND h.to_day IS NULL
  AND (t.group_id IS NULL
       OR (t.name, t.parent_group_id, t.inactive) IS DISTINCT FROM (h.name, h.parent_group_id, h.inactive));
UPDATE agent_history AS h
SET to_day = {sync_day}
FROM touched_agent AS c
LEFT JOIN agents AS t ON t.agent_id = c.agent_id
WHERE h.agent_id = c.agent_id AND h.to_day IS NULL
  AND (t.agent_id IS NULL OR (t.active, t.name, t.email) IS DISTINCT FROM (h.active, h.name, h.email));
UPDATE membership_history AS h
SET to_day = {sync_day}
FROM touched_membership AS c
LEFT JOIN group_membership AS t ON t.group_id = c.group_id AND t.agent_id = c.agent_id
WHERE h.group_id = c.group_id AND h.agent_id = c.agent_id AND h.to_day IS NULL AND t.group_id IS NULL;
