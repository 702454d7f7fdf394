"""Dagster's side of provisioning."""
