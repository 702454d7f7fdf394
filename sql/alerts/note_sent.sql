UPDATE platform.alert_deliveries
SET sent_at = now(), given_up_at = NULL, last_error = NULL
WHERE receiver = %(receiver)s AND alert_id = ANY (%(alerts)s);
