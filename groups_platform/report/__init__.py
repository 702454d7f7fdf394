"""One page per day for people without access to Dagster (P21)."""
