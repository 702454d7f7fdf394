"""A sender in a process of its own: looks and tells many times. Arguments: database, GROUPS_ALERTS, home, events."""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import SecretStr

from groups_platform.alerts import outbox
from groups_platform.alerts.delivery import deliver
from groups_platform.alerts.events import FailedRun
from groups_platform.alerts.receivers import read_receivers
from groups_platform.settings import Settings


def main(url: str, alerts: str, home: str, events: str) -> None:
    settings = Settings(home=Path(home), alerts=SecretStr(alerts))
    receivers, key = read_receivers(settings), outbox.begin(url).digest_key
    for number in range(int(events)):
        outbox.gather(url, settings, receivers, [FailedRun(f"run-{number}", f"job_{number}", "It failed.")])
        deliver(url, {receiver.digest(key): receiver for receiver in receivers}, 20)


if __name__ == "__main__":
    main(*sys.argv[1:])
