"""The group service in Dagster: an op and a job for each action, assets of usage and audit, schedules."""
