-- What day_change has of each of these groups, by kind: how many rows, and one of them.
SELECT kind AS change, group_id, count(*) AS rows, min(agent_id) AS agent_id, min(before) AS before, min(after) AS after,
       min(before_name) AS before_name, min(after_name) AS after_name
FROM day_change
WHERE group_id = ANY(%(group_ids)s)
GROUP BY kind, group_id
ORDER BY array_position(%(kinds)s::TEXT[], kind);
