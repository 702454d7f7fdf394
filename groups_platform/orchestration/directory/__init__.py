"""The directory in Dagster: assets, checks, jobs, partitions, the sensor and its planner, resources."""
