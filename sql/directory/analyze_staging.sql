-- Only the columns of joins, and a small sample: the planner needs sizes, not histograms.
SET LOCAL default_statistics_target = 10;
ANALYZE group_record (group_id, parent_group_id), group_member, agent_record (source, agent_id), finding (code, group_id, agent_id);
