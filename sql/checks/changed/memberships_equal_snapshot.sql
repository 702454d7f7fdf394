-- looks at every membership, by number and sums of hashes, and joins them only where these differ
SELECT coalesce(s.group_id, t.group_id) AS group_id, coalesce(s.agent_id, t.agent_id) AS agent_id,
       CASE WHEN t.group_id IS NULL THEN 'not stored' ELSE 'not in the snapshot' END AS problem
FROM (
    SELECT m.group_id, m.agent_id
    FROM group_member AS m
    JOIN agents AS a ON a.agent_id = m.agent_id
) AS s
FULL JOIN (
    SELECT m.group_id, m.agent_id
    FROM group_membership AS m
    JOIN group_record AS g ON g.group_id = m.group_id AND g.says_members
) AS t ON t.group_id = s.group_id AND t.agent_id = s.agent_id
WHERE (s.group_id IS NULL OR t.group_id IS NULL)
  -- refers to no column of the join, so it is evaluated once, before it; as in directory/compare_memberships.sql
  AND ((SELECT (staged.pairs, staged.by_group, staged.by_agent)
              <> (stored.memberships + waiting.pairs - aside.pairs,
                 stored.by_group + waiting.by_group - aside.by_group,
                 stored.by_agent + waiting.by_agent - aside.by_agent)
       FROM staged_digest AS staged
       CROSS JOIN table_digest AS stored
       CROSS JOIN (
           SELECT count(*) AS pairs,
                  coalesce(sum(hashint8extended(group_id, agent_id)), 0) AS by_group,
                  coalesce(sum(hashint8extended(agent_id, group_id)), 0) AS by_agent
           FROM pending_membership
       ) AS waiting
       CROSS JOIN (
           SELECT count(*) AS pairs,
                  coalesce(sum(hashint8extended(m.group_id, m.agent_id)), 0) AS by_group,
                  coalesce(sum(hashint8extended(m.agent_id, m.group_id)), 0) AS by_agent
           FROM (
               SELECT g.group_id
               FROM groups AS g
               LEFT JOIN group_record AS s ON s.group_id = g.group_id AND s.says_members
               WHERE s.group_id IS NULL
           ) AS unstaged
           CROSS JOIN LATERAL (
               SELECT t.group_id, t.agent_id FROM group_membership AS t WHERE t.group_id = unstaged.group_id
               UNION ALL
               SELECT p.group_id, p.agent_id FROM pending_membership AS p WHERE p.group_id = unstaged.group_id
           ) AS m
       ) AS aside)
       OR EXISTS (
           SELECT
           FROM pending_membership AS p
           JOIN agents AS a ON a.agent_id = p.agent_id
       ))
