INSERT INTO platform.run_heartbeats (run_id) VALUES (%(run_id)s)
ON CONFLICT (run_id) DO UPDATE SET beat_at = now();
