SELECT a.alert_id, a.created_at, a.kind, a.sync_day, a.run_id, a.subject, a.body, d.receiver, r.scheme,
       CASE
           WHEN d.receiver IS NULL THEN 'nobody'
           WHEN d.sent_at IS NOT NULL THEN 'told'
           WHEN d.given_up_at IS NOT NULL THEN 'given_up'
           ELSE 'waiting'
       END AS state,
       d.sent_at, d.attempts, CASE WHEN d.sent_at IS NULL AND d.given_up_at IS NULL THEN d.next_try_at END AS next_try_at,
       d.last_error
FROM platform.alerts AS a
LEFT JOIN platform.alert_deliveries AS d USING (alert_id)
LEFT JOIN platform.alert_receivers AS r USING (receiver)
ORDER BY a.alert_id DESC
LIMIT %(limit)s;
