-- All groups of report_group, and those of them that are shown under no other.
SELECT count(*) AS groups,
       count(*) FILTER (WHERE parent.group_id IS NULL)
       + coalesce((SELECT cardinality(d.cycles) FROM directory.sync_days AS d WHERE d.sync_day = %(sync_day)s), 0) AS roots
FROM report_group AS g
LEFT JOIN report_group AS parent ON parent.group_id = g.parent_group_id;
