"""Postgres: the embedded server, connections, locks, migrations and the files in `sql/`. Names no table."""
