-- Of day_change at most %(of_each)s rows of each kind and %(limit)s in all, some of every kind before many of one; of
-- %(group_ids)s alone, if given, at most so many of each kind and group. With the names after the applied day
-- %(second)s. rows: how many there are of the kind, or of kind and group. counts: of all by kind, the same in each row.
WITH placed AS (
    SELECT c.*, array_position(%(kinds)s::TEXT[], kind) AS rank, row_number() OVER whole AS place, count(*) OVER part AS rows
    FROM day_change AS c
    WHERE %(group_ids)s::BIGINT[] IS NULL OR group_id = ANY(%(group_ids)s)
    WINDOW part AS (PARTITION BY kind, CASE WHEN %(group_ids)s::BIGINT[] IS NOT NULL THEN group_id END),
           whole AS (part ORDER BY group_id, agent_id)
),
shown AS (
    SELECT * FROM placed WHERE place <= %(of_each)s ORDER BY place, rank LIMIT %(limit)s
),
named_group AS MATERIALIZED (
    SELECT * FROM directory.groups_as_of(%(second)s)
)
SELECT s.kind AS change, s.rows, s.group_id, s.agent_id, s.before, s.after, g.parent_group_id,
       coalesce(g.name, CASE WHEN s.group_id IS NOT NULL THEN coalesce(s.after, s.before) END) AS group_name,
       coalesce(a.name, a.email, CASE WHEN s.group_id IS NULL THEN coalesce(s.after, s.before) END) AS agent_name,
       old_parent.name AS before_name, new_parent.name AS after_name,
       (SELECT jsonb_object_agg(kind, rows) FROM (SELECT kind, count(*) AS rows FROM day_change GROUP BY kind) AS n) AS counts
FROM shown AS s
LEFT JOIN named_group AS g ON g.group_id = s.group_id
LEFT JOIN directory.agents_as_of(%(second)s) AS a ON a.agent_id = s.agent_id
LEFT JOIN named_group AS old_parent
    ON old_parent.group_id = CASE WHEN s.kind = 'groups_moved' THEN s.before::BIGINT END
LEFT JOIN named_group AS new_parent
    ON new_parent.group_id = CASE WHEN s.kind = 'groups_moved' THEN s.after::BIGINT END
ORDER BY s.rank, s.place;
