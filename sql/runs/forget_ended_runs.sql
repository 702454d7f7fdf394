DELETE FROM platform.run_heartbeats AS h
WHERE NOT EXISTS (
    SELECT FROM dagster.runs AS r WHERE r.run_id = h.run_id AND r.status IN ('STARTING', 'STARTED', 'CANCELING')
);
