-- The months that have a partition, by their first days.
SELECT to_date(right(child.relname, 7), 'YYYY_MM') AS month
FROM pg_inherits AS i
JOIN pg_class AS child ON child.oid = i.inhrelid
WHERE i.inhparent = 'manager.audit_log'::REGCLASS
ORDER BY month;
