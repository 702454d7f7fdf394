-- A day that is delivered again replaces what it had said of the rows that change now.
DELETE FROM group_history AS h USING touched_group AS c
WHERE c.group_id = h.group_id AND h.from_day = {sync_day};
UPDATE group_history AS h SET to_day = NULL FROM touched_group AS c
WHERE c.group_id = h.group_id AND h.to_day = {sync_day};
DELETE FROM agent_history AS h USING touched_agent AS c
WHERE c.agent_id = h.agent_id AND h.from_day = {sync_day};
UPDATE agent_history AS h SET to_day = NULL FROM touched_agent AS c
WHERE c.agent_id = h.agent_id AND h.to_day = {sync_day};
DELETE FROM membership_history AS h USING touched_membership AS c
WHERE c.group_id = h.group_id AND c.agent_id = h.agent_id AND h.from_day = {sync_day};
UPDATE membership_history AS h SET to_day = NULL FROM touched_membership AS c
WHERE c.group_id = h.group_id AND c.agent_id = h.agent_id AND h.to_day = {sync_day};
