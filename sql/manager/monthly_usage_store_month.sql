-- Holds the month until the commit, also where nothing changes: whoever stores the same month waits.
INSERT INTO manager.usage_months AS m (month, time_zone, is_over, missing_statistics, unreadable_figures)
VALUES (:month, :time_zone, :is_over, :missing_statistics, :unreadable_figures)
ON CONFLICT (month) DO UPDATE
SET (time_zone, is_over, missing_statistics, unreadable_figures)
    = (excluded.time_zone, excluded.is_over, excluded.missing_statistics, excluded.unreadable_figures)
WHERE m IS DISTINCT FROM excluded;
