"""Gathers what is news, failed runs among it, and sends what waits: for the sensor, and for a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dagster import DagsterInstance

from groups_platform.alerts import outbox
from groups_platform.alerts.delivery import deliver
from groups_platform.alerts.outbox import Waiting
from groups_platform.alerts.receivers import Receiver, read_receivers
from groups_platform.orchestration.alerts.failed_runs import find_failed_runs
from groups_platform.settings import Settings


@dataclass(frozen=True)
class Told:
    """What came of one look. new: alerts. waiting: for receivers that have not taken all. looked_until: among runs."""

    new: int
    waiting: tuple[Waiting, ...]
    looked_until: datetime


def tell_news(
    settings: Settings,
    url: str,
    instance: DagsterInstance,
    looked_until: datetime | None,
    wait_seconds: float,
) -> Told:
    """Look for news and tell it. wait_seconds: for receivers; what is under way then goes on in its threads.

    Raises InvalidSetting, DatabaseUnavailable, LockTimeout.
    """
    receivers = read_receivers(settings)
    beginning = outbox.begin(url)
    runs, until = find_failed_runs(
        instance, beginning.since, looked_until, lambda run_ids: outbox.find_told_runs(url, run_ids)
    )
    new = outbox.gather(url, settings, receivers, runs)
    digests: dict[str, Receiver] = {receiver.digest(beginning.digest_key): receiver for receiver in receivers}
    deliver(url, digests, wait_seconds)
    return Told(new, tuple(outbox.read_waiting(url, digests)), until)
