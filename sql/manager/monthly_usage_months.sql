SELECT m.month, m.time_zone, m.is_over, m.missing_statistics, m.unreadable_figures
FROM manager.usage_months AS m
ORDER BY m.month;
