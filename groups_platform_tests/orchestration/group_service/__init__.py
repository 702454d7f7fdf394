"""Tests of groups_platform.orchestration.group_service."""
