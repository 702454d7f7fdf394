-- At most %(limit)s changes from one applied day to another, some of every kind before many of one; with the names of
-- groups and agents. before, after: names, or for a group that moved the ids of its parents, whose names are
-- before_name and after_name. counts: the number of all changes by kind, the same in each row.
WITH first_groups AS MATERIALIZED (SELECT * FROM directory.groups_as_of(%(first)s)),
second_groups AS MATERIALIZED (SELECT * FROM directory.groups_as_of(%(second)s)),
first_agents AS MATERIALIZED (SELECT * FROM directory.agents_as_of(%(first)s)),
second_agents AS MATERIALIZED (SELECT * FROM directory.agents_as_of(%(second)s)),
first_members AS MATERIALIZED (SELECT * FROM directory.memberships_as_of(%(first)s)),
second_members AS MATERIALIZED (SELECT * FROM directory.memberships_as_of(%(second)s)),
changed AS MATERIALIZED (
    SELECT CASE WHEN b.inactive THEN 'group turned inactive' ELSE 'group turned active' END AS change,
           b.group_id, NULL::BIGINT AS agent_id, NULL::TEXT AS before, NULL::TEXT AS after
    FROM first_groups AS a JOIN second_groups AS b ON b.group_id = a.group_id
    WHERE a.inactive <> b.inactive
    UNION ALL
    SELECT 'group new', b.group_id, NULL, NULL, b.name
    FROM second_groups AS b LEFT JOIN first_groups AS a ON a.group_id = b.group_id
    WHERE a.group_id IS NULL
    UNION ALL
    SELECT 'group gone', a.group_id, NULL, a.name, NULL
    FROM first_groups AS a LEFT JOIN second_groups AS b ON b.group_id = a.group_id
    WHERE b.group_id IS NULL
    UNION ALL
    SELECT 'group moved', b.group_id, NULL, a.parent_group_id::TEXT, b.parent_group_id::TEXT
    FROM first_groups AS a JOIN second_groups AS b ON b.group_id = a.group_id
    WHERE a.parent_group_id IS DISTINCT FROM b.parent_group_id
    UNION ALL
    SELECT 'group renamed', b.group_id, NULL, a.name, b.name
    FROM first_groups AS a JOIN second_groups AS b ON b.group_id = a.group_id
    WHERE a.name <> b.name
    UNION ALL
    SELECT 'agent new', NULL, b.agent_id, NULL, b.name
    FROM second_agents AS b LEFT JOIN first_agents AS a ON a.agent_id = b.agent_id
    WHERE a.agent_id IS NULL
    UNION ALL
    SELECT CASE WHEN b.active THEN 'agent reactivated' ELSE 'agent deactivated' END, NULL, b.agent_id, NULL, b.name
    FROM first_agents AS a JOIN second_agents AS b ON b.agent_id = a.agent_id
    WHERE a.active <> b.active
    UNION ALL
    SELECT 'agent gone', NULL, a.agent_id, a.name, NULL
    FROM first_agents AS a LEFT JOIN second_agents AS b ON b.agent_id = a.agent_id
    WHERE b.agent_id IS NULL
    UNION ALL
    SELECT 'agent changed', NULL, b.agent_id, concat_ws(', ', a.name, a.email), concat_ws(', ', b.name, b.email)
    FROM first_agents AS a JOIN second_agents AS b ON b.agent_id = a.agent_id
    WHERE (a.name, a.email) IS DISTINCT FROM (b.name, b.email)
    UNION ALL
    SELECT 'member added', m.group_id, m.agent_id, NULL, NULL
    FROM (SELECT group_id, agent_id FROM second_members EXCEPT SELECT group_id, agent_id FROM first_members) AS m
    UNION ALL
    SELECT 'member removed', m.group_id, m.agent_id, NULL, NULL
    FROM (SELECT group_id, agent_id FROM first_members EXCEPT SELECT group_id, agent_id FROM second_members) AS m
),
placed AS (
    SELECT c.*,
           row_number() OVER (PARTITION BY change ORDER BY group_id, agent_id) AS place,
           array_position(%(kinds)s::TEXT[], change) AS rank
    FROM changed AS c
),
shown AS (
    SELECT * FROM placed ORDER BY place, rank LIMIT %(limit)s
)
SELECT s.change, s.group_id, coalesce(g.name, gone.name) AS group_name,
       CASE WHEN g.group_id IS NULL THEN gone.parent_group_id ELSE g.parent_group_id END AS parent_group_id,
       s.agent_id, coalesce(a.name, a.email, left_agent.name, left_agent.email) AS agent_name,
       s.before, s.after, old_parent.name AS before_name, new_parent.name AS after_name,
       (SELECT jsonb_object_agg(change, rows) FROM (SELECT change, count(*) AS rows FROM changed GROUP BY change) AS n) AS counts
FROM shown AS s
LEFT JOIN second_groups AS g ON g.group_id = s.group_id
LEFT JOIN first_groups AS gone ON gone.group_id = s.group_id
LEFT JOIN second_agents AS a ON a.agent_id = s.agent_id
LEFT JOIN first_agents AS left_agent ON left_agent.agent_id = s.agent_id
LEFT JOIN first_groups AS old_parent
    ON old_parent.group_id = CASE WHEN s.change = 'group moved' THEN s.before::BIGINT END
LEFT JOIN second_groups AS new_parent
    ON new_parent.group_id = CASE WHEN s.change = 'group moved' THEN s.after::BIGINT END
ORDER BY s.rank, s.place;
