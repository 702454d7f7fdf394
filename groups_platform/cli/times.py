"""Times and months as people write them on the command line."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import click

from groups_platform.settings import Settings

UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def instant(text: str) -> datetime:
    """Parse `30m`, `12h`, `7d` (ago), a day or a time, by default in the configured time zone. Raises BadParameter."""
    if ago := re.fullmatch(r"(\d{1,4})([mhd])", text):
        return datetime.now(timezone.utc) - timedelta(**{UNITS[ago[2]]: int(ago[1])})
    from groups_platform.group_service.types.period import parse_instant  # noqa: PLC0415 - not needed for --help

    settings: Settings = click.get_current_context().obj
    try:
        return parse_instant(text, ZoneInfo(settings.time_zone))
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a time. Write 30m, 12h, 7d, a day such as 2024-10-31, or a time such as 2024-10-31T12:00."
        ) from None


def month(text: str) -> date:
    """Parse a month such as 2026-01, also written 202601. Raises BadParameter."""
    try:
        return datetime.strptime(text, "%Y-%m" if "-" in text else "%Y%m").date()
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a month. Write it as in 2026-01.") from None
