"""groups_platform keeps the truth about groups: a directory fed by daily snapshots, run by Dagster."""
