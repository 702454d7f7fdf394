INSERT INTO platform.alert_compared_days (sync_day, applied_at) VALUES (%(sync_day)s, %(applied_at)s)
ON CONFLICT (sync_day) DO UPDATE SET applied_at = EXCLUDED.applied_at;
