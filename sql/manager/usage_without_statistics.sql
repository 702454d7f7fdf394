-- A page of the period's kernels without stored statistics.
SELECT k.id
FROM manager.kernels_in(tstzrange(:start, :end), CAST(:group_ids AS UUID[])) AS k
WHERE manager.stored_statistics(k.last_stat) IS NULL AND k.id > CAST(:after AS UUID)
ORDER BY k.id
LIMIT :limit;
