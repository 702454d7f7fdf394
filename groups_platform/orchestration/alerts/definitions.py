"""The Dagster definitions of the alerts: one sensor. Its resource `platform` is the directory's."""

from __future__ import annotations

from dagster import Definitions

from groups_platform.orchestration.alerts.sensors import tell_people


def build_alert_defs() -> Definitions:
    """Return the sensor."""
    return Definitions(sensors=[tell_people])
