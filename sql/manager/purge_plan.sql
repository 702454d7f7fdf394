-- What a purge removes besides the group, in one snapshot: how many rows by table, names of folders and endpoints, and a
-- digest of the group and of every row, by which two plans are known to be of the same things.
WITH
    endpoints AS (SELECT e.id, e.name FROM manager.endpoints AS e WHERE e.project = :group_id),
    sessions AS (SELECT s.id FROM manager.sessions AS s WHERE s.group_id = :group_id),
    removed (what, id, name) AS (
        SELECT 'routings', r.id, NULL
        FROM (
            SELECT r.id FROM manager.routings AS r JOIN endpoints AS e ON e.id = r.endpoint
            UNION
            SELECT r.id FROM manager.routings AS r JOIN sessions AS s ON s.id = r.session
        ) AS r
        UNION ALL
        SELECT 'endpoints', e.id, e.name FROM endpoints AS e
        UNION ALL
        SELECT 'kernels', k.id, NULL
        FROM (
            SELECT k.id FROM manager.kernels AS k WHERE k.group_id = :group_id
            UNION
            SELECT k.id FROM manager.kernels AS k JOIN sessions AS s ON s.id = k.session_id
        ) AS k
        UNION ALL
        SELECT 'sessions', s.id, NULL FROM sessions AS s
        UNION ALL
        SELECT 'vfolders', v.id, v.name FROM manager.vfolders AS v WHERE v."group" = :group_id
        UNION ALL
        SELECT 'members', m.user_id, NULL FROM manager.association_groups_users AS m WHERE m.group_id = :group_id
    ),
    tables AS (
        SELECT
            what, place, count(removed.id) AS number,
            (array_remove(array_agg(removed.name ORDER BY removed.name), NULL))[:(:listed)] AS names,
            string_agg(format('%s %L', removed.id, removed.name), E'\n' ORDER BY removed.id) AS rows
        FROM unnest(ARRAY['routings', 'endpoints', 'kernels', 'sessions', 'vfolders', 'members'])
            WITH ORDINALITY AS known (what, place)
        LEFT JOIN removed USING (what)
        GROUP BY what, place
    )
SELECT
    (SELECT json_object_agg(t.what, t.number ORDER BY t.place) FROM tables AS t) AS counts,
    (SELECT t.names FROM tables AS t WHERE t.what = 'vfolders') AS vfolders,
    (SELECT t.names FROM tables AS t WHERE t.what = 'endpoints') AS endpoints,
    encode(sha256(convert_to(whole.text, 'UTF8')), 'hex') AS digest
FROM (
    SELECT
        coalesce(
            (SELECT format('%s %L %L', g.id, g.name, g.domain_name) FROM manager.groups AS g WHERE g.id = :group_id), ''
        ) || string_agg(format(E'\n%s\n%s', t.what, t.rows), '' ORDER BY t.place)
    FROM tables AS t
) AS whole (text);
