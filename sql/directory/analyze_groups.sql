ANALYZE directory.groups;
