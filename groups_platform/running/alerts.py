"""Tells what is news from a terminal, for those who run days by cron and have no daemon."""

from __future__ import annotations

from groups_platform.alerts.delivery import LONGEST_SECONDS
from groups_platform.database.connection import open_database
from groups_platform.orchestration.alerts.telling import Told, tell_news
from groups_platform.running.runs import open_for_terminal
from groups_platform.settings import Settings


def tell_now(settings: Settings) -> Told:
    """Look for news, and tell it; returns when every receiver has answered, or after a few minutes.

    Raises InvalidSetting, DatabaseUnavailable, LockTimeout.
    """
    with open_for_terminal(settings) as instance:
        return tell_news(settings, open_database(settings), instance, None, LONGEST_SECONDS)
