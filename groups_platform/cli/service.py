"""Calls of the group service from commands: the actor, pages, users that options name, results and errors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click

from groups_platform.cli.answers import Rows, show
from groups_platform.cli.common import start_database
from groups_platform.errors import PlatformError
from groups_platform.settings import Settings

if TYPE_CHECKING:
    from groups_platform.group_service.services.group.service import GroupService
    from groups_platform.group_service.types.action import ActionError, BaseActionResult

Answer = TypeVar("Answer")
Data = TypeVar("Data")

ACTOR = click.option("--as", "actor", metavar="EMAIL", help="Act as this user (default: the system).")

PAGE = click.option("--limit", default=300, show_default=True, type=click.IntRange(1, 1000), help="Rows per page.")
CURSOR = click.option(
    "--cursor", metavar="CURSOR", help="Show the next page, by the cursor that the previous one shows."
)


class Refused(PlatformError):
    """An action returned an error; `code` is that error's code."""

    def __init__(self, error: ActionError, action_id: UUID | None) -> None:
        super().__init__(error.message, **error.facts)
        self.code = error.code
        self.action_id = action_id


def perform(settings: Settings, actor: str | None, act: Callable[[GroupService], Awaitable[Answer]]) -> Answer:
    """Call `act` with a service that acts as the user `actor` (None: the system), and return its result."""
    from groups_platform.group_service import group_service  # noqa: PLC0415 - not needed for --help
    from groups_platform.group_service.types.user import SYSTEM  # noqa: PLC0415

    async def within() -> Answer:
        async with group_service(settings=settings, actor=SYSTEM if actor is None else actor) as service:
            return await act(service)

    start_database(settings)
    return asyncio.run(within())


def data_of(result: BaseActionResult[Data]) -> Data:
    """Return the data of an action. Raises Refused if it failed."""
    if result.error is not None:
        raise Refused(result.error, result.action_id)
    assert result.data is not None
    return result.data


def show_result(
    result: BaseActionResult[Data], as_json: bool, draw: Callable[[Data], Any], rows: Rows[Data] | None = None
) -> None:
    """Draw the data of an action, or print it as JSON or its `rows` as CSV. Raises Refused if it failed."""
    show(data_of(result), as_json, draw, rows, warnings=result.warnings, action_id=result.action_id)


def page_rows(row: type, name: str) -> Rows[Any]:
    """The rows of a page as CSV, and how to see the next one. row: their dataclass. name: of the page's field."""

    def note(page: Any) -> str | None:
        from groups_platform.terminal import next_page  # noqa: PLC0415 - not needed for --help

        return next_page(getattr(page, name), page.next_cursor)

    return Rows(row, attrgetter(name), note)


def user(text: str) -> str | UUID:
    """Parse a user: an e-mail address, unchanged, or an id. Raises BadParameter."""
    if "@" in text:
        return text
    try:
        return UUID(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is neither an e-mail address nor an id.") from None
