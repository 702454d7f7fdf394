"""A test message for every receiver, at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from groups_platform.alerts.receivers import Receiver
from groups_platform.alerts.sending import SEND_SECONDS, Message, tell


@dataclass(frozen=True)
class Answer:
    """Whether a receiver has the test message. receiver: its label. why: why it may not have it."""

    receiver: str
    is_told: bool
    why: str | None


def tell_all(receivers: Sequence[Receiver], ui_url: str, seconds: float = SEND_SECONDS) -> list[Answer]:
    """Send the test message, and say who has it. Takes `seconds` at most."""
    body = f"This is a test by groups-platform alerts --test. Nothing has happened.\n{ui_url}"
    message = Message("Test of the alerts", body, is_good=True)
    with ThreadPoolExecutor(len(receivers) or 1) as pool:
        reasons = pool.map(lambda receiver: tell(receiver, message, seconds), receivers)
        return [Answer(r.label, why is None, why) for r, why in zip(receivers, reasons, strict=True)]
