"""The Dagster shell around the two halves, a package for each: thin adapters, no logic of their own."""
