"""P20: tells each receiver what waits for it, each in a thread of its own, so that a slow one holds up nobody."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from threading import Lock, Thread
from typing import Final

import psycopg

from groups_platform.alerts import outbox
from groups_platform.alerts.outbox import DueAlert
from groups_platform.alerts.receivers import Receiver
from groups_platform.alerts.sending import SEND_SECONDS, Message, tell
from groups_platform.database.connection import Connection, connect
from groups_platform.errors import PlatformError

ONE_BY_ONE: Final = 3  # messages at once; more alerts than that are told in one
NAMED: Final = 20  # alerts that such a message names
LONGEST_SECONDS: Final = ONE_BY_ONE * SEND_SECONDS + 10.0  # what one round of a receiver may take

log = logging.getLogger(__name__)

_threads: dict[tuple[str, str], Thread] = {}  # by database and receiver
_lock = Lock()


def deliver(url: str, digests: dict[str, Receiver], wait_seconds: float, send_seconds: float = SEND_SECONDS) -> None:
    """Tell the receivers, by digest, what waits for them, and return after `wait_seconds` at the latest.

    What is under way then goes on in its thread. A receiver of which a thread of this process takes care has no second
    one. An alert is told at least once: again only where the sender was gone, or stopped waiting, before it knew.
    """
    deadline = time.monotonic() + wait_seconds
    threads = [_serve_in_thread(url, digest, receiver, send_seconds) for digest, receiver in digests.items()]
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0.0))


def _serve_in_thread(url: str, digest: str, receiver: Receiver, send_seconds: float) -> Thread:
    with _lock:
        thread = _threads.get((url, digest))
        if thread is None or not thread.is_alive():
            arguments = (url, digest, receiver, send_seconds)
            thread = Thread(target=_serve, args=arguments, name=f"alerts for {receiver.label}", daemon=True)
            _threads[url, digest] = thread
            thread.start()
        return thread


def _serve(url: str, digest: str, receiver: Receiver, send_seconds: float) -> None:
    """Until nothing is due, or a message fails."""
    try:
        with connect(url, autocommit=True, purpose="alerts") as connection:
            while due := outbox.claim(connection, digest):
                if not _tell_all(connection, digest, receiver, due, send_seconds):
                    return
    except (PlatformError, psycopg.Error) as error:
        log.warning("alerts for %s wait: %s", receiver.label, type(error).__name__)


def _tell_all(
    connection: Connection, digest: str, receiver: Receiver, due: Sequence[DueAlert], send_seconds: float
) -> bool:
    """Whether all were told; after the first failure the rest waits with it."""
    rest = list(due)
    for message, alerts in compose(due):
        if reason := tell(receiver, message, send_seconds):
            outbox.note_failed(connection, digest, rest, reason)
            log.warning("alerts for %s wait: %s", receiver.label, reason)
            return False
        outbox.note_sent(connection, digest, alerts)
        rest = rest[len(alerts) :]
    return True


def compose(due: Sequence[DueAlert]) -> Iterator[tuple[Message, Sequence[DueAlert]]]:
    """The messages for these alerts: one each, or a single one where there are many."""
    if len(due) <= ONE_BY_ONE:
        for alert in due:
            yield Message(alert.subject, alert.body), [alert]
        return
    subjects = [alert.subject for alert in sorted(due, key=lambda alert: alert.alert_id)]
    lines = [f"- {subject}" for subject in subjects[:NAMED]]
    more = [f"- and {len(due) - NAMED} more"] if len(due) > NAMED else []
    lines = [*lines, *more, "groups-platform alerts shows each of them, with what to do."]
    yield Message(f"{len(due)} alerts: {subjects[0]}, …", "\n".join(lines)), due
