"""Dagster's side of the alerts."""
