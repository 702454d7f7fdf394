-- Rows of the month that are not what was computed. Those of purged groups stay: their kernels are gone.
DELETE FROM manager.monthly_usage AS old
WHERE old.month = :month
  AND EXISTS (SELECT FROM manager.groups AS g WHERE g.id = old.group_id)
  AND NOT EXISTS (
      SELECT FROM jsonb_populate_recordset(NULL::manager.monthly_usage, :rows) AS new
      WHERE new.group_id = old.group_id AND new = old
  );
