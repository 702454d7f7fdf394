-- The row of an attempt; false if it has one already.
SELECT manager.record_attempt(CAST(:attempt AS JSONB));
