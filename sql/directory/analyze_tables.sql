ANALYZE directory.groups, directory.agents, directory.group_membership;
