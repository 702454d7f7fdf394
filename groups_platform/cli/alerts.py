"""`groups-platform alerts`: what people were told and what waits; a test of the receivers; sending without a daemon."""

from __future__ import annotations

import sys
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import click

from groups_platform.cli.answers import Rows, show
from groups_platform.cli.common import CSV, JSON, LIMIT, cut_at, database, importing
from groups_platform.errors import InvalidSetting
from groups_platform.settings import Settings

if TYPE_CHECKING:
    from groups_platform.alerts.receivers import Receiver

UNSET = "GROUPS_ALERTS is not set, so nobody is told of anything. Write addresses as apprise reads them."


@click.command()
@click.option("--test", "is_test", is_flag=True, help="Send a test message to every receiver, and say who has it.")
@click.option("--send", "is_send", is_flag=True, help="Look for news and send what waits, now: where no daemon runs.")
@LIMIT
@CSV
@JSON
@click.pass_obj
def alerts(settings: Settings, /, *, is_test: bool, is_send: bool, limit: int, as_json: bool) -> None:
    """List what the receivers of GROUPS_ALERTS were told, newest first, and what waits for them.

    Told are runs that failed, days that are held or came late, errors that the day before had not, and that no day was
    applied for GROUPS_EXPECT_EVERY hours. The sensor tell_people does so; --send does the same once, for cron. With
    --test and --send this exits with 1 if a receiver did not take its messages.

    \b
      groups-platform alerts
      groups-platform alerts --test
    """
    if is_test and is_send:
        raise click.UsageError("Write --test or --send, not both.")
    if settings.alerts is None and (is_test or is_send):
        raise InvalidSetting(UNSET)
    if is_test:
        sys.exit(0 if _test(settings, as_json) else 1)
    if is_send:
        sys.exit(0 if _send(settings, as_json) else 1)
    from groups_platform.alerts.outbox import Delivery, read_alerts  # noqa: PLC0415
    from groups_platform.terminal.alerts import show_alerts  # noqa: PLC0415

    told = read_alerts(database(settings), _receivers(settings), limit)
    show(told, as_json, lambda _: show_alerts(told, settings.alerts is not None, cut_at(limit, told)), Rows(Delivery))


def _receivers(settings: Settings) -> tuple[Receiver, ...]:
    if settings.alerts is None:
        return ()
    with importing():
        from groups_platform.alerts.receivers import read_receivers  # noqa: PLC0415
    return read_receivers(settings)


def _test(settings: Settings, as_json: bool) -> bool:
    receivers = _receivers(settings)
    from groups_platform.alerts.trial import Answer, tell_all  # noqa: PLC0415
    from groups_platform.terminal.alerts import show_test  # noqa: PLC0415

    answers = tell_all(receivers, settings.ui_url)
    failed = [answer.receiver for answer in answers if not answer.is_told]
    show(answers, as_json, show_test, Rows(Answer), error=_failure(failed))
    return not failed


def _send(settings: Settings, as_json: bool) -> bool:
    with importing():
        from groups_platform.alerts.outbox import Waiting  # noqa: PLC0415
        from groups_platform.running.alerts import tell_now  # noqa: PLC0415
        from groups_platform.terminal.alerts import show_sent  # noqa: PLC0415
    told = tell_now(settings)
    failed = [of.receiver for of in told.waiting if of.last_error]  # others are being told by another process
    data = {"new": told.new, "waiting": list(told.waiting)}
    show(
        data,
        as_json,
        lambda _: show_sent(told.new, told.waiting),
        Rows(Waiting, itemgetter("waiting")),
        error=_failure(failed),
    )
    return not failed


def _failure(receivers: list[str]) -> dict[str, Any] | None:
    if not receivers:
        return None
    message = f"Not told: receiver {', '.join(receivers)}. groups-platform alerts lists what waits, and why."
    return {"code": "receiver_not_told", "message": message, "facts": {"receivers": receivers}}
