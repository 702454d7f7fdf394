ALTER TABLE active_start ADD PRIMARY KEY (group_id);
ANALYZE active_start;
