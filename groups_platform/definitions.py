"""The front door: what `dagster dev`, the webserver, the daemon and the tests load."""

from groups_platform.orchestration.build import build_defs

defs = build_defs()
