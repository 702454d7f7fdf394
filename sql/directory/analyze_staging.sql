ANALYZE group_record, group_member, agent_record, finding;
