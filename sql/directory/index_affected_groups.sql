-- Nobody else analyzes a temporary table.
ALTER TABLE affected_group ADD PRIMARY KEY (group_id);
ANALYZE affected_group;
