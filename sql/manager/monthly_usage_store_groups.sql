-- What differed was removed before, so a row that is there already is the same.
INSERT INTO manager.monthly_usage
SELECT * FROM jsonb_populate_recordset(NULL::manager.monthly_usage, :rows)
ON CONFLICT (month, group_id) DO NOTHING;
