"""One message to one receiver, in bounded time; why it was not told comes back without secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Final

from apprise import Apprise, NotifyFormat, NotifyType

from groups_platform.alerts.receivers import Receiver

SEND_SECONDS: Final = 150.0
ANSWERED: Final = re.compile(r"\berror=(\d{3})\b")
MOVED: Final = "it sends elsewhere ({}), so its address has changed"
MOVED_STATUSES: Final = {"301", "302", "303", "307", "308"}

_sending: dict[str, Thread] = {}  # by address; what a receiver never answers stays here, and nothing is added to it
_lock = Lock()


@dataclass(frozen=True)
class Message:
    """What a receiver is told. is_good: no bad news, such as a test."""

    subject: str
    body: str
    is_good: bool = False


def tell(receiver: Receiver, message: Message, seconds: float = SEND_SECONDS) -> str | None:
    """Send the message. Returns None, or why the receiver may not have it; raises nothing.

    After `seconds` this returns, although the receiver may take the message yet.
    """
    answers: SimpleQueue[str | None] = SimpleQueue()
    with _lock:
        before = _sending.get(receiver.address)
        if before and before.is_alive():
            return "it has not answered the message before"
        thread = Thread(target=lambda: answers.put(_send(receiver, message)), name="alert", daemon=True)
        _sending[receiver.address] = thread
        thread.start()
    try:
        return answers.get(timeout=seconds)
    except Empty:
        return f"it gave no answer within {seconds:g} s"


def _send(receiver: Receiver, message: Message) -> str | None:
    try:
        apprise = Apprise(asset=receiver.service.asset)
        apprise.add(receiver.service)
        kind = NotifyType.INFO if message.is_good else NotifyType.WARNING
        result = apprise.notify(
            body=message.body, title=message.subject, notify_type=kind, body_format=NotifyFormat.TEXT
        )
        return None if result else _reason([entry.message for entry in result.logs()])
    except Exception as error:  # a plugin's; its text may quote the address
        return f"it cannot be told: {type(error).__name__}"


def _reason(lines: list[str]) -> str:
    """What apprise logged, without the places that it names."""
    text = "\n".join(lines)
    if answered := ANSWERED.search(text):
        status = answered[1]
        return MOVED.format(status) if status in MOVED_STATUSES else f"it answered {status}"
    if re.search(r"connection|socket|timed? ?out|smtp", text, re.IGNORECASE):
        return "it could not be reached, or did not answer in time"
    return "it did not take the message"
