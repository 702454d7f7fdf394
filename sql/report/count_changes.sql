SELECT kind, count(*) AS rows FROM report_change GROUP BY kind;
