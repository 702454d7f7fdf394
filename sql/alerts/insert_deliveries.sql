-- A receiver hears what is told since it is one, and what nobody has heard yet: its address may be a corrected one.
INSERT INTO platform.alert_deliveries (alert_id, receiver)
SELECT a.alert_id, r.receiver
FROM platform.alerts AS a
JOIN platform.alert_receivers AS r ON r.receiver = ANY (%(receivers)s)
WHERE a.created_at > now() - make_interval(days => %(days)s)
  AND (
      a.created_at >= r.since
      OR NOT EXISTS (
          SELECT FROM platform.alert_deliveries AS d WHERE d.alert_id = a.alert_id AND d.sent_at IS NOT NULL
      )
  )
ON CONFLICT DO NOTHING;
