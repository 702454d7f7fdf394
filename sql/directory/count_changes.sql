-- The number of changes that can affect flags.
SELECT (SELECT count(*) FROM group_change WHERE has_moved) AS moved_groups,
       (SELECT count(*) FROM agent_change WHERE was_active <> active) AS switched_agents;
