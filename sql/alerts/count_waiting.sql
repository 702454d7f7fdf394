SELECT d.receiver, count(*) AS alerts, min(d.next_try_at) AS next_try_at, max(d.last_error) AS last_error
FROM platform.alert_deliveries AS d
WHERE d.receiver = ANY (%(receivers)s) AND d.sent_at IS NULL AND d.given_up_at IS NULL
GROUP BY d.receiver;
