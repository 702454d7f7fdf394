SELECT * FROM directory.groups ORDER BY group_id LIMIT %(limit)s;
