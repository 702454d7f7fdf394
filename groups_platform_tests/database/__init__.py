"""Tests of groups_platform.database."""
