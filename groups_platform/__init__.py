"""A data platform for groups: a directory loaded from daily snapshots and a group service, run by Dagster."""
