-- The most that the kernels of each group held at once in a period, and how long they lived in it, together.
-- The running sum over an instant's changes has all of them, so a kernel that ends when another begins is not added to
-- it, and one that lives for no time holds nothing.
SELECT
    g.id AS group_id,
    g.total_resource_slots AS "limit",
    peak.cpu,
    peak.mem,
    peak.gpu,
    peak.kernel_time
FROM (
    SELECT
        held.group_id,
        max(held.cpu) AS cpu,
        max(held.mem) AS mem,
        max(held.gpu) AS gpu,
        coalesce(sum(held.life), INTERVAL '0') AS kernel_time
    FROM (
        SELECT
            k.group_id,
            sum(CASE WHEN change.is_begin THEN k.cpu ELSE -k.cpu END) OVER so_far AS cpu,
            sum(CASE WHEN change.is_begin THEN k.mem ELSE -k.mem END) OVER so_far AS mem,
            sum(CASE WHEN change.is_begin THEN k.gpu ELSE -k.gpu END) OVER so_far AS gpu,
            CASE WHEN change.is_begin THEN k.ended - k.begun END AS life
        FROM (
            SELECT
                k.group_id,
                greatest(k.created_at, :start) AS begun,
                greatest(
                    least(
                        CASE WHEN k.status = 'RUNNING' THEN :now ELSE coalesce(k.terminated_at, k.status_changed) END,
                        :end
                    ),
                    k.created_at,
                    :start
                ) AS ended,
                coalesce(manager.figure(k.occupied_slots, 'cpu'), 0) AS cpu,
                coalesce(trunc(manager.figure(k.occupied_slots, 'mem')), 0) AS mem,
                coalesce(manager.accelerators_of(k.occupied_slots), 0) AS gpu
            FROM manager.kernels_in(tstzrange(:start, :end), CAST(:group_ids AS UUID[])) AS k
            OFFSET '0'  -- so that each kernel is read once, and in parallel
        ) AS k
        CROSS JOIN LATERAL (VALUES (k.begun, TRUE), (k.ended, FALSE)) AS change (at, is_begin)
        WINDOW so_far AS (PARTITION BY k.group_id ORDER BY change.at)
    ) AS held
    GROUP BY held.group_id
) AS peak
JOIN manager.groups AS g ON g.id = peak.group_id;
