ANALYZE directory.group_membership;
