-- The functions that the statements of a sync call; they name the tables by their schema.
SELECT pg_get_functiondef(p.oid)
FROM pg_proc AS p
WHERE p.pronamespace = 'directory'::REGNAMESPACE
  AND p.proname IN ('cycles_among_steps', 'hierarchy_cycles_above', 'hierarchy_cycles');
