-- The waits grow: 1, 2, 4 minutes and so on, up to an hour.
UPDATE platform.alert_deliveries
SET last_error = %(reason)s, next_try_at = now() + make_interval(mins => least(power(2, least(attempts, 7) - 1), 60)::INT)
WHERE receiver = %(receiver)s AND alert_id = ANY (%(alerts)s) AND sent_at IS NULL;
