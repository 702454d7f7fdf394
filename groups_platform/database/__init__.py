"""Postgres: where it runs, how to reach it, its schema and the files in `sql/`. Knows no table by name."""
