"""Groups (projects): who is in them, what they may use, and what became of it. Knows nothing of Dagster or Spark."""
