SELECT group_id, name, parent_group_id, inactive FROM directory.groups ORDER BY inactive DESC, group_id LIMIT %(limit)s;
