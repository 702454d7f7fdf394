"""Starts processes and runs: `groups-platform dev`, and jobs in the process of a command."""
