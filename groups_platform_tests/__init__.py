"""Tests: they mirror the package, and run against a real Postgres and a real Spark."""
