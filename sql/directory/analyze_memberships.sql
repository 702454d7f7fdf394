ANALYZE group_membership;
