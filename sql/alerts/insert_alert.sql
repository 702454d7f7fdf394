INSERT INTO platform.alerts (key, kind, sync_day, run_id, subject, body)
VALUES (%(key)s, %(kind)s, %(sync_day)s, %(run_id)s, %(subject)s, %(body)s)
ON CONFLICT (key) DO NOTHING
RETURNING alert_id;
