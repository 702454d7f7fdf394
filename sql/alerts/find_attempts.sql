-- Days that were held, failed or came late, and were not told yet; and those with which runs ended.
SELECT a.sync_day, a.outcome, a.message, a.run_id,
       concat_ws(':', 'day', a.sync_day, a.outcome, md5(concat_ws(chr(10), a.fingerprint, a.plan_id, a.message))) AS key
FROM directory.sync_attempts AS a
WHERE (
      (a.sync_day, a.outcome) IN (SELECT * FROM unnest(%(sync_days)s::TEXT[], %(outcomes)s::TEXT[]))
      OR a.ended_at > %(since)s AND NOT EXISTS (
          SELECT
          FROM platform.alerts AS t
          WHERE t.key = concat_ws(
              ':', 'day', a.sync_day, a.outcome, md5(concat_ws(chr(10), a.fingerprint, a.plan_id, a.message))
          )
      )
  )
  AND a.outcome <> 'applied'
  -- an older day that was read once more, just as it is applied
  AND NOT (a.outcome = 'late' AND EXISTS (
      SELECT FROM directory.sync_days AS d WHERE d.sync_day = a.sync_day AND d.fingerprint = a.fingerprint
  ))
ORDER BY a.sort_key, a.sync_day
LIMIT %(most)s;
