UPDATE platform.alert_deliveries AS d
SET given_up_at = now()
FROM platform.alerts AS a
WHERE a.alert_id = d.alert_id AND d.sent_at IS NULL AND d.given_up_at IS NULL
  AND a.created_at <= now() - make_interval(days => %(days)s);
