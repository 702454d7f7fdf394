SELECT blocker, count(*) FROM project_step WHERE blocker IS NOT NULL GROUP BY blocker ORDER BY blocker;
