-- Adds the findings on edges, which come from the tables, to those of the records.
INSERT INTO finding (code, group_id, agent_id, detail)
SELECT 'orphan_membership', p.group_id, p.agent_id, format('agent %%s is not known', p.agent_id)
FROM pending_membership AS p
UNION ALL
SELECT 'missing_parent', g.group_id, NULL, format('parent %%s is not known', g.parent_group_id)
FROM groups AS g
LEFT JOIN groups AS parent ON parent.group_id = g.parent_group_id
WHERE g.parent_group_id IS NOT NULL AND parent.group_id IS NULL
UNION ALL
SELECT 'hierarchy_cycle', c.group_id, NULL, c.path
FROM found_cycle AS c
UNION ALL
SELECT 'missing_upstream', g.group_id, NULL, 'no record today; the last good row and members stay'
FROM groups AS g
LEFT JOIN group_record AS s ON s.group_id = g.group_id
LEFT JOIN (
    -- a record that was rejected for what it says; one that another outdid does not count, nor what costs an element
    SELECT DISTINCT f.group_id
    FROM finding AS f
    WHERE f.group_id IS NOT NULL AND f.code NOT IN ('duplicate_record', 'invalid_member')
) AS r ON r.group_id = g.group_id
LEFT JOIN missing_groups AS m ON m.group_id = g.group_id AND m.to_day IS NULL
WHERE s.group_id IS NULL AND r.group_id IS NULL AND m.ended_day IS NULL
UNION ALL
SELECT 'ended_upstream', m.group_id, NULL, format('no record since %%s: its memberships ended', m.since_day)
FROM missing_groups AS m
WHERE m.ended_day = %(sync_day)s
UNION ALL
SELECT 'members_not_said', s.group_id, NULL, 'its record has no agent_ids; the members that it has stay'
FROM group_record AS s
WHERE NOT s.says_members
UNION ALL
SELECT 'roster_incomplete', NULL, NULL,
       format('records of agents/ without an id that can be read: %%s; agents who are not in it and keep their status: %%s',
              nameless.records,
              (SELECT count(*)
               FROM agents AS a
               WHERE a.active
                 AND NOT EXISTS (SELECT FROM agent_record AS s WHERE s.agent_id = a.agent_id AND s.source = 'agents')
                 AND NOT EXISTS (SELECT FROM finding AS f WHERE f.agent_id = a.agent_id AND f.file LIKE 'agents/%%')))
FROM (
    SELECT count(DISTINCT (f.file, f.position)) AS records
    FROM finding AS f
    WHERE f.agent_id IS NULL AND f.file LIKE 'agents/%%'
) AS nameless
WHERE nameless.records > 0;
