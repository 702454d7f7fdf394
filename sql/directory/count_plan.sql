SELECT kind, count(*) AS rows, sum(digest)::TEXT AS digest FROM ({rows}) AS changed GROUP BY kind ORDER BY kind;
