"""P20: what is told and what became of it at each receiver, in the tables of the schema `platform`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final

from psycopg.rows import class_row, dict_row

from groups_platform.alerts.events import FailedRun, find_events
from groups_platform.database.connection import Connection, connect
from groups_platform.database.locks import transaction_lock
from groups_platform.database.sql_files import read_sql
from groups_platform.settings import Settings

if TYPE_CHECKING:
    from groups_platform.alerts.receivers import Receiver  # it loads apprise, which a listing does not need

KEPT_DAYS: Final = 3  # what happened longer ago is not told any more, and what nobody took by then is given up
LEASE_SECONDS: Final = 600.0  # longer than a sender works on what it claims
MOST_CLAIMED: Final = 1000
PATIENCE_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Beginning:
    """since: what happened before is not told. digest_key: see `Receiver.digest`."""

    since: datetime
    digest_key: bytes


@dataclass(frozen=True)
class DueAlert:
    """An alert that its receiver is to be told now."""

    alert_id: int
    kind: str
    subject: str
    body: str


@dataclass(frozen=True)
class Waiting:
    """How many alerts a receiver has not got. last_error: why; None while they are being sent."""

    receiver: str
    alerts: int
    next_try_at: datetime
    last_error: str | None

    @property
    def sentence(self) -> str:
        """The same for people."""
        if self.last_error is None:
            return f"{self.alerts} on the way to receiver {self.receiver}"
        waits = "waits" if self.alerts == 1 else "wait"
        next_try = f"{self.next_try_at.astimezone(timezone.utc):%H:%M:%S} UTC"
        return f"{self.alerts} {waits} for receiver {self.receiver}: {self.last_error}; the next try is at {next_try}"


@dataclass(frozen=True)
class Delivery:
    """An alert at one receiver. receiver: its label, without a number where it is no receiver any more.

    state: told, waiting, given_up, or nobody where there was no receiver.
    """

    alert_id: int
    created_at: datetime
    kind: str
    sync_day: str | None
    run_id: str | None
    subject: str
    body: str
    receiver: str | None
    state: str
    sent_at: datetime | None
    attempts: int | None
    next_try_at: datetime | None
    last_error: str | None


def begin(url: str) -> Beginning:
    """Since when alerts are told: from the first call on, and never for more than KEPT_DAYS back."""
    with connect(url, purpose="alerts") as connection:
        connection.execute(read_sql("alerts/begin"))
        return _read_beginning(connection)


def _read_beginning(connection: Connection) -> Beginning:
    row = connection.execute(read_sql("alerts/read_beginning"), {"days": KEPT_DAYS}).fetchone()
    assert row is not None
    return Beginning(digest_key=bytes(row[0]), since=row[1])


def find_told_runs(url: str, run_ids: Sequence[str]) -> set[str]:
    """Those of these runs of which people know already that they failed."""
    with connect(url, purpose="alerts") as connection:
        return {run_id for (run_id,) in connection.execute(read_sql("alerts/told_runs"), {"run_ids": list(run_ids)})}


def gather(url: str, settings: Settings, receivers: Sequence[Receiver], failed_runs: Sequence[FailedRun]) -> int:
    """Put what is news into the outbox, for these receivers, and return how many alerts are new. In one transaction.

    Several processes may do this at once; the key of each event is unique. Raises DatabaseUnavailable, LockTimeout.
    """
    with (
        connect(url, autocommit=True, purpose="alerts") as connection,
        transaction_lock(connection, "groups_platform.alerts", PATIENCE_SECONDS),
    ):
        beginning = _read_beginning(connection)
        digests = {receiver.digest(beginning.digest_key): receiver for receiver in receivers}
        for digest, receiver in digests.items():
            connection.execute(read_sql("alerts/insert_receiver"), {"receiver": digest, "scheme": receiver.scheme})
        events = find_events(connection, settings, beginning.since, failed_runs)
        inserted = sum(connection.execute(read_sql("alerts/insert_alert"), vars(event)).rowcount for event in events)
        connection.execute(read_sql("alerts/give_up"), {"days": KEPT_DAYS})
        connection.execute(read_sql("alerts/insert_deliveries"), {"receivers": list(digests), "days": KEPT_DAYS})
        return inserted


def claim(connection: Connection, digest: str) -> list[DueAlert]:
    """Take what waits for this receiver, once any is due: first what is. Nobody else has it for LEASE_SECONDS."""
    parameters = {"receiver": digest, "most": MOST_CLAIMED, "lease_seconds": LEASE_SECONDS}
    with connection.cursor(row_factory=class_row(DueAlert)) as cursor:
        return cursor.execute(read_sql("alerts/claim"), parameters).fetchall()


def note_sent(connection: Connection, digest: str, alerts: Sequence[DueAlert]) -> None:
    """Keep that the receiver has these."""
    connection.execute(read_sql("alerts/note_sent"), _of(digest, alerts))


def note_failed(connection: Connection, digest: str, alerts: Sequence[DueAlert], reason: str) -> None:
    """Keep why the receiver has not, and when these are tried again. reason: without secrets."""
    connection.execute(read_sql("alerts/note_failed"), {**_of(digest, alerts), "reason": reason})


def read_waiting(url: str, digests: dict[str, Receiver]) -> list[Waiting]:
    """What waits for each of these receivers, by digest."""
    with connect(url, purpose="alerts") as connection:
        rows = connection.execute(read_sql("alerts/count_waiting"), {"receivers": list(digests)}).fetchall()
    waiting = [Waiting(digests[digest].label, *rest) for digest, *rest in rows]
    return sorted(waiting, key=lambda of: of.receiver)


def read_alerts(url: str, receivers: Sequence[Receiver], limit: int) -> list[Delivery]:
    """The newest alerts, with a row for each receiver."""
    with connect(url, purpose="alerts") as connection:
        begun = connection.execute(read_sql("alerts/read_beginning"), {"days": KEPT_DAYS}).fetchone()
        labels = {receiver.digest(bytes(begun[0])): receiver.label for receiver in receivers} if begun else {}
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(read_sql("alerts/read_alerts"), {"limit": limit}).fetchall()
    return sorted((_delivery(row, labels) for row in rows), key=lambda one: (-one.alert_id, one.receiver or ""))


def _delivery(row: dict[str, Any], labels: dict[str, str]) -> Delivery:
    scheme, digest = row.pop("scheme"), row.pop("receiver")
    return Delivery(**row, receiver=None if digest is None else labels.get(digest, f"({scheme})"))


def _of(digest: str, alerts: Sequence[DueAlert]) -> dict[str, Any]:
    return {"receiver": digest, "alerts": [alert.alert_id for alert in alerts]}
