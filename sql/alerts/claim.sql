-- Nobody else takes these until next_try_at; if this sender is gone by then, they are tried again. Once any is due, those
-- that failed before come along after it, so that what waits for a receiver is told together, and one that it refuses holds
-- up no other.
WITH due AS MATERIALIZED (
    SELECT d.alert_id, d.next_try_at <= now() AS is_due
    FROM platform.alert_deliveries AS d
    WHERE d.receiver = %(receiver)s AND d.sent_at IS NULL AND d.given_up_at IS NULL
      AND (d.next_try_at <= now() OR d.last_error IS NOT NULL)
      AND EXISTS (
          SELECT
          FROM platform.alert_deliveries AS first
          WHERE first.receiver = %(receiver)s AND first.sent_at IS NULL AND first.given_up_at IS NULL
            AND first.next_try_at <= now()
      )
    ORDER BY d.alert_id
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
),
claimed AS (
    UPDATE platform.alert_deliveries AS d
    SET attempts = d.attempts + 1, last_error = NULL, next_try_at = now() + make_interval(secs => %(lease_seconds)s)
    FROM due
    WHERE d.alert_id = due.alert_id AND d.receiver = %(receiver)s
    RETURNING d.alert_id, due.is_due
)
SELECT a.alert_id, a.kind, a.subject, a.body
FROM claimed
JOIN platform.alerts AS a USING (alert_id)
ORDER BY claimed.is_due DESC, a.alert_id;
