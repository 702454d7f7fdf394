-- One archive at a time: two would drop the same months.
SELECT pg_advisory_xact_lock(hashtextextended('manager.audit_archive', 0));
