"""The Dagster definitions of the directory: assets, checks, jobs, partitions, the sensor, resources."""
