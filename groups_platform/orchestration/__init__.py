"""The Dagster definitions of the directory and the group service: thin adapters without logic of their own."""
