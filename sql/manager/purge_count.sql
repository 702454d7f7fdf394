-- What a purge removes, by table.
SELECT
    (
        SELECT count(*)
        FROM manager.routings AS r
        WHERE r.endpoint IN (SELECT e.id FROM manager.endpoints AS e WHERE e.project = :group_id)
           OR r.session IN (SELECT s.id FROM manager.sessions AS s WHERE s.group_id = :group_id)
    ) AS routings,
    (SELECT count(*) FROM manager.endpoints AS e WHERE e.project = :group_id) AS endpoints,
    (
        SELECT count(*)
        FROM manager.kernels AS k
        WHERE k.group_id = :group_id
           OR k.session_id IN (SELECT s.id FROM manager.sessions AS s WHERE s.group_id = :group_id)
    ) AS kernels,
    (SELECT count(*) FROM manager.sessions AS s WHERE s.group_id = :group_id) AS sessions,
    (SELECT count(*) FROM manager.vfolders AS v WHERE v."group" = :group_id) AS vfolders,
    (SELECT count(*) FROM manager.association_groups_users AS m WHERE m.group_id = :group_id) AS members;
