"""Tests of the group service."""
