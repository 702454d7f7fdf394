"""Shared parts of the commands: options, error handling and JSON output."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

import click

from groups_platform.errors import PlatformError
from groups_platform.masking import mask_secrets, mask_text
from groups_platform.settings import Settings

Data = TypeVar("Data")

JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON for a program.")
LIMIT = click.option("--limit", default=300, show_default=True, type=click.IntRange(1), help="Rows to show at most.")


class PlatformGroup(click.Group):
    """A click group that ends on a PlatformError with its sentence and code; with `--json` also as JSON.

    Exit codes: 0 success, 1 failure, 2 wrong usage.
    """

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run the command line."""
        words = list(sys.argv[1:] if args is None else args)
        is_json = "--json" in words[: words.index("--")] if "--" in words else "--json" in words
        token = WANTS_JSON.set(is_json)
        try:
            return super().main(words, *rest, **extra)
        finally:
            WANTS_JSON.reset(token)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Parse the command line; reports errors in it."""
        with _answered():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; reports its errors."""
        with _answered(ctx):
            return super().invoke(ctx)


WANTS_JSON: ContextVar[bool] = ContextVar("wants_json", default=False)


@contextmanager
def _answered(context: click.Context | None = None) -> Iterator[None]:
    try:
        yield
    except PlatformError as error:
        raise _refusal(error) from error
    except click.UsageError as error:
        _answer_error("usage_error", error.format_message())
        raise
    except (KeyboardInterrupt, EOFError, click.Abort):
        _answer_error("aborted", "It was stopped.")
        raise
    except Exception as error:
        if isinstance(error, (click.ClickException, click.exceptions.Exit, BrokenPipeError)):
            raise
        from groups_platform.database.connection import find_lost_connection  # noqa: PLC0415

        lost = find_lost_connection(error, is_embedded=bool(context and context.obj and not context.obj.database_url))
        if lost is None:
            _answer_error("internal_error", mask_text(f"{type(error).__name__}: {error}"))
            raise
        raise _refusal(lost) from error


def _refusal(error: PlatformError) -> click.ClickException:
    _answer_error(error.code, str(error), error.facts, getattr(error, "action_id", None))
    return click.ClickException(f"{error} ({error.code})")


def _answer_error(code: str, message: str, facts: Mapping[str, Any] | None = None, action_id: object = None) -> None:
    if WANTS_JSON.get():
        echo_answer(None, error={"code": code, "message": message, "facts": facts or {}}, action_id=action_id)


def show(data: Data, as_json: bool, draw: Callable[[Data], Any], **answer: Any) -> None:
    """Draw the result of a command, or print it as JSON (`answer`: see echo_answer); warnings go to standard error."""
    if as_json:
        echo_answer(data, **answer)
    else:
        draw(data)
    for warning in answer.get("warnings", ()):
        click.echo(f"Warning: {warning}", err=True)


def echo_answer(
    data: Any, *, error: Mapping[str, Any] | None = None, warnings: Sequence[str] = (), action_id: object = None
) -> None:
    """Print the JSON that every command returns: success, data, error, warnings and action_id.

    error: code, message and facts. action_id: of the row in the audit log, if there is one.
    """
    parts = {"data": data, "error": error, "warnings": warnings, "action_id": action_id}
    click.echo(json.dumps({"success": error is None, **plain(parts)}, indent=2, ensure_ascii=False))


@contextmanager
def importing() -> Iterator[None]:
    """Disable garbage collection during large imports: it would find nothing and take a third longer."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def database(settings: Settings) -> str:
    """Return the URL of the database, started and migrated. Raises DatabaseUnavailable, DatabaseUnsuitable."""
    from groups_platform.database.connection import open_database  # noqa: PLC0415

    return open_database(settings)


def plain(value: Any) -> Any:
    """Convert `value` to JSON types: figures to numbers, resource slots to decimal strings, durations to seconds.

    Credentials of groups are masked, since the output of commands is often logged.
    """
    if hasattr(value, "to_json"):
        return mask_secrets(value.to_json())
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return _plain_scalar(value)


def _plain_scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
