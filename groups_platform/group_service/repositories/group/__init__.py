"""The repositories of groups."""
