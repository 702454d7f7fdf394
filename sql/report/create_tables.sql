-- The groups after the applied day, for the other queries of this transaction.
CREATE TEMPORARY TABLE report_group ON COMMIT DROP AS
SELECT group_id, name, parent_group_id, inactive FROM directory.groups_as_of({sync_day});
CREATE UNIQUE INDEX ON report_group (group_id);
CREATE INDEX ON report_group (parent_group_id);
ANALYZE report_group;
