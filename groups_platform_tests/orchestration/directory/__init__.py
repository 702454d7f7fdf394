"""Tests of groups_platform.orchestration.directory."""
