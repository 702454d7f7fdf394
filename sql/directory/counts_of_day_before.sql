-- How many records were read on the newest applied day before that had any; a day may have no roster (D7).
SELECT (array_agg(s.groups ORDER BY s.sort_key DESC, s.sync_day DESC) FILTER (WHERE s.groups > 0))[1] AS groups,
       (array_agg(s.agents ORDER BY s.sort_key DESC, s.sync_day DESC) FILTER (WHERE s.agents > 0))[1] AS agents
FROM (
    SELECT sort_key, sync_day, (counts -> 'groups' ->> 'read')::BIGINT AS groups,
           (counts -> 'agents' ->> 'read')::BIGINT AS agents
    FROM sync_days
    WHERE (sort_key, sync_day) < (%(sort_key)s::TEXT COLLATE "C", %(sync_day)s)
) AS s;
