"""Benchmarks of the directory sync. Nothing in the package imports from here."""
