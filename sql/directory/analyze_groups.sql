ANALYZE groups;
