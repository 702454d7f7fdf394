"""A platform whose people are told, without Spark and Dagster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from groups_platform.alerts import outbox
from groups_platform.alerts.delivery import deliver
from groups_platform.alerts.events import FailedRun
from groups_platform.alerts.receivers import read_receivers
from groups_platform.database.connection import connect
from groups_platform.directory.day_result import DayResult
from groups_platform.directory.guard import OFF, Protection
from groups_platform.directory.redelivery import apply_delivery
from groups_platform.settings import Settings
from groups_platform_tests.alerts.people import Person, people
from groups_platform_tests.days import agent, write_day
from groups_platform_tests.staged_by_hand import staged_by_hand


@dataclass
class Telling:
    """What the sensor does, by steps. addresses: GROUPS_ALERTS."""

    settings: Settings
    url: str
    folder: Path
    addresses: list[str] = field(default_factory=list)

    def settings_now(self) -> Settings:
        return self.settings.model_copy(update={"alerts": SecretStr(" ".join(self.addresses))})

    def look(self, *failed_runs: FailedRun) -> int:
        """Gather what is news; returns how many alerts are new."""
        settings = self.settings_now()
        outbox.begin(self.url)
        return outbox.gather(self.url, settings, read_receivers(settings), failed_runs)

    def send(self, wait_seconds: float = 20.0, send_seconds: float = 10.0) -> None:
        key = outbox.begin(self.url).digest_key
        digests = {receiver.digest(key): receiver for receiver in read_receivers(self.settings_now())}
        deliver(self.url, digests, wait_seconds, send_seconds)

    def tell(self, *failed_runs: FailedRun) -> int:
        """Both."""
        new = self.look(*failed_runs)
        self.send()
        return new

    def later(self) -> None:
        """What waits for another try is due."""
        self.execute("UPDATE platform.alert_deliveries SET next_try_at = now() WHERE sent_at IS NULL")

    def days_later(self, days: int) -> None:
        for table, column in (("alerts", "created_at"), ("alert_beginning", "began_at"), ("alert_receivers", "since")):
            self.execute(f"UPDATE platform.{table} SET {column} = {column} - interval '{days} days'")

    def execute(self, statement: str) -> None:
        with connect(self.url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with connect(self.url) as connection:
            return connection.execute(query.encode()).fetchall()

    def sync(
        self,
        label: str,
        groups: Iterable[object] | None,
        agents: Iterable[int] = range(100, 140),
        *,
        protection: Protection = OFF,
        run_id: str | None = None,
    ) -> DayResult:
        """A day from its files to the tables, as a run does it. groups: None leaves the folder as it is."""
        folder = self.folder / f"sync-{label}"
        if groups is not None:
            write_day(folder, groups, [agent(number) for number in agents])
        with staged_by_hand(self.url, label, folder) as staged:
            return apply_delivery(staged, run_id or f"run-of-{label}", protection)


@pytest.fixture
def telling(settings: Settings, database_url: str, tmp_path: Path) -> Telling:
    return Telling(settings, database_url, tmp_path / "source")


@pytest.fixture
def new_person() -> Iterator[Callable[[], Person]]:
    with people() as make:
        yield make


@pytest.fixture
def person(new_person: Callable[[], Person], telling: Telling) -> Person:
    """Somebody who is told, from before anything happened."""
    person = new_person()
    telling.addresses = [person.address]
    assert telling.tell() == 0
    return person
