-- warn, groups: no group is below itself.
SELECT group_id, length, path FROM hierarchy_cycles()
