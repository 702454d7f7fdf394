-- The staging schemas of all runs; a live run holds the lock on its schema's name.
SELECT nspname FROM pg_namespace WHERE nspname LIKE 'directory\_staging\_%%';
