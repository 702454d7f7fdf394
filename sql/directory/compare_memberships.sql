-- Whether the staged members are, as a set, those that are stored or wait for their agent, groups whose members no
-- record says today left aside. By number and sums of hashes as in digest_tables.sql.
SELECT (staged.pairs, staged.by_group, staged.by_agent)
       = (stored.memberships + waiting.pairs - aside.pairs,
          stored.by_group + waiting.by_group - aside.by_group,
          stored.by_agent + waiting.by_agent - aside.by_agent) AS is_equal
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
) AS aside;
