-- Groups that have another number of kernels in the month than is stored. Purged groups have none left to count.
SELECT
    group_id,
    stored.kernels AS stored,
    counted.kernels AS counted
FROM (
    SELECT u.group_id, u.kernels
    FROM manager.monthly_usage AS u
    JOIN manager.groups AS g ON g.id = u.group_id
    WHERE u.month = :month
) AS stored
FULL JOIN (
    SELECT k.group_id, count(*) AS kernels
    FROM manager.kernels_in(tstzrange(:start, :end), ARRAY(SELECT g.id FROM manager.groups AS g)) AS k
    GROUP BY k.group_id
) AS counted USING (group_id)
WHERE stored.kernels IS DISTINCT FROM counted.kernels
ORDER BY group_id;
