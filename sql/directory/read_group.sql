SELECT group_id, name, parent_group_id, inactive FROM directory.groups WHERE group_id = %(group_id)s;
