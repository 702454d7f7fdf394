-- The groups of an agent: those whose member it is, and those above. since: the first applied day of the membership,
-- of the earliest one for a group above. by: the nearest group below whose member the agent is.
WITH direct AS MATERIALIZED (
    SELECT m.group_id, h.from_day, d.sort_key
    FROM directory.group_membership AS m
    LEFT JOIN directory.membership_history AS h
        ON h.group_id = m.group_id AND h.agent_id = m.agent_id AND h.to_day IS NULL
    LEFT JOIN directory.sync_days AS d ON d.sync_day = h.from_day
    WHERE m.agent_id = %(agent_id)s
),
above AS (
    SELECT DISTINCT ON (up.ancestor_id) up.ancestor_id AS group_id, direct.group_id AS by_group_id,
           first_value(direct.from_day) OVER (
               PARTITION BY up.ancestor_id ORDER BY direct.sort_key, direct.from_day
           ) AS since
    FROM direct
    JOIN directory.group_ancestry AS up ON up.group_id = direct.group_id
    WHERE NOT EXISTS (SELECT FROM direct AS own WHERE own.group_id = up.ancestor_id)
    ORDER BY up.ancestor_id, up.distance, direct.group_id
)
SELECT g.group_id, g.name, g.inactive AS is_inactive, own.by_group_id IS NULL AS is_direct, own.since,
       own.by_group_id, by_group.name AS by_name
FROM (
    SELECT group_id, NULL::BIGINT AS by_group_id, from_day AS since FROM direct
    UNION ALL
    SELECT group_id, by_group_id, since FROM above
) AS own
JOIN directory.groups AS g ON g.group_id = own.group_id
LEFT JOIN directory.groups AS by_group ON by_group.group_id = own.by_group_id
ORDER BY is_direct DESC, g.name, g.group_id;
