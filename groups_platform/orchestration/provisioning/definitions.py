"""Where the halves meet, in Dagster: the projects of the rules. The resource `platform` is the directory's."""

from __future__ import annotations

from dagster import Definitions

from groups_platform.orchestration.provisioning.assets import build_automation, provisioned_projects
from groups_platform.orchestration.provisioning.ops import PROVISIONING_JOBS
from groups_platform.settings import Settings


def build_provisioning_defs() -> Definitions:
    """Every asset, check, job and sensor of provisioning."""
    return Definitions(
        assets=[provisioned_projects], jobs=PROVISIONING_JOBS, sensors=[build_automation(Settings.from_env())]
    )
