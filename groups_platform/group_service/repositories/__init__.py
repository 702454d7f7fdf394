"""Reads and writes of the database. Rows do not leave this package; repositories flush and never commit."""
