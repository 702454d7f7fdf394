"""What starts processes and runs: `dev`, and the jobs that a terminal runs and waits for."""
