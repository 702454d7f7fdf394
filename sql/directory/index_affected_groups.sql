-- Autovacuum does not analyze temporary tables.
ALTER TABLE affected_group ADD PRIMARY KEY (group_id);
ANALYZE affected_group;
