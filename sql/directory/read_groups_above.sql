-- These groups and at most %(levels)s levels above them, after an applied day, or now where that is null.
WITH RECURSIVE asked AS (
    SELECT coalesce(%(as_of)s, (SELECT sync_day FROM directory.sync_days ORDER BY sort_key DESC, sync_day DESC LIMIT 1)) AS day
),
of_day AS MATERIALIZED (
    SELECT g.* FROM asked CROSS JOIN LATERAL directory.groups_as_of(asked.day) AS g
),
up (group_id, level) AS (
    SELECT unnest(%(group_ids)s::BIGINT[]), 0
    UNION
    SELECT g.parent_group_id, up.level + 1
    FROM up JOIN of_day AS g ON g.group_id = up.group_id
    WHERE g.parent_group_id IS NOT NULL AND up.level < %(levels)s
)
SELECT g.group_id, g.name, g.parent_group_id
FROM (SELECT DISTINCT group_id FROM up) AS wanted
JOIN of_day AS g ON g.group_id = wanted.group_id;
