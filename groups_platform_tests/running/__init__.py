"""Tests of groups_platform.running."""
