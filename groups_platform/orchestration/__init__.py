"""The Dagster shell: assets, checks, jobs, sensors, resources. Thin adapters around `groups_platform.directory`."""
