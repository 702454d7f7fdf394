-- The upper levels of the tree of report_group: the first %(limit)s groups, level by level, and besides these the first
-- %(changed)s groups that changed, with all groups above them, at most %(most)s together. No deeper than %(deepest)s levels. A cycle has no root,
-- so its group with the smallest id is used as one.
WITH RECURSIVE start AS (
    SELECT g.group_id, FALSE AS is_cycle
    FROM report_group AS g
    LEFT JOIN report_group AS parent ON parent.group_id = g.parent_group_id
    WHERE parent.group_id IS NULL
    UNION
    SELECT unnest(d.cycles), TRUE FROM directory.sync_days AS d WHERE d.sync_day = %(sync_day)s
),
walk AS (
    SELECT group_id, group_id AS root_id, NULL::BIGINT AS shown_under, 0 AS depth, is_cycle FROM start
    UNION ALL
    SELECT child.group_id, walk.root_id, walk.group_id, walk.depth + 1, FALSE
    FROM walk
    JOIN report_group AS child ON child.parent_group_id = walk.group_id AND child.group_id <> walk.root_id
    WHERE walk.depth < %(deepest)s
),
marked AS (
    SELECT group_id, array_agg(DISTINCT kind) AS kinds
    FROM day_change
    WHERE group_id IS NOT NULL AND %(is_marked)s
    GROUP BY group_id
),
upward AS (
    (SELECT m.group_id, g.parent_group_id
     FROM marked AS m
     JOIN report_group AS g USING (group_id)
     ORDER BY m.kinds && ARRAY['groups_turned_inactive', 'groups_turned_active'] DESC,
              m.kinds <@ ARRAY['memberships_added', 'memberships_removed'], m.group_id
     LIMIT %(changed)s)
    UNION
    SELECT parent.group_id, parent.parent_group_id
    FROM upward
    JOIN report_group AS parent ON parent.group_id = upward.parent_group_id
),
shown AS (
    SELECT *
    FROM (SELECT *, row_number() OVER (ORDER BY depth, group_id) AS ordinal FROM walk) AS every
    WHERE ordinal <= %(limit)s OR group_id IN (SELECT group_id FROM upward)
    ORDER BY ordinal
    LIMIT %(most)s
)
SELECT shown.group_id, shown.shown_under, shown.depth, shown.is_cycle, g.name, g.inactive, g.parent_group_id,
       (SELECT count(*)
        FROM report_group AS child
        WHERE child.parent_group_id = shown.group_id
          AND child.group_id NOT IN (SELECT s.group_id FROM start AS s WHERE s.is_cycle)) AS children
FROM shown
JOIN report_group AS g ON g.group_id = shown.group_id
ORDER BY shown.depth, lower(g.name), shown.group_id;
