"""Tests of groups_platform.orchestration.provisioning."""
