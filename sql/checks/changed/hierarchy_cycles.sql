-- looks at every cycle that the day found
SELECT group_id, length, path FROM found_cycle
