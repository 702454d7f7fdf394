"""What the commands share: options, errors as sentences, results as JSON."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any

import click

from groups_platform.errors import PlatformError
from groups_platform.settings import Settings

IS_JSON = "groups_platform.json"


def _remember(context: click.Context, parameter: click.Parameter, is_set: bool) -> bool:
    context.meta[IS_JSON] = is_set
    return is_set


JSON = click.option(
    "--json", "as_json", is_flag=True, callback=_remember, help="Print the result as JSON for a program."
)
LIMIT = click.option("--limit", default=300, show_default=True, type=click.IntRange(1), help="Rows to show at most.")


class PlatformGroup(click.Group):
    """Ends with one sentence and a code where a person can act on the error."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a PlatformError exits 1, and is JSON on standard output where `--json` was asked for."""
        try:
            return super().invoke(ctx)
        except PlatformError as error:
            raise _refusal(ctx, error) from error
        except Exception as error:
            from groups_platform.database.connection import find_lost_connection  # noqa: PLC0415

            lost = find_lost_connection(error, is_embedded=ctx.obj is not None and ctx.obj.database_url is None)
            if lost is None:
                raise
            raise _refusal(ctx, lost) from error


def _refusal(context: click.Context, error: PlatformError) -> click.ClickException:
    if context.meta.get(IS_JSON):
        why = {"code": error.code, "message": str(error), "facts": error.facts}
        action_id = getattr(error, "action_id", None)
        echo_json({"success": False, "data": None, "error": why, "action_id": action_id})
    return click.ClickException(f"{error} ({error.code})")


@contextmanager
def importing() -> Iterator[None]:
    """Around imports of thousands of modules: they leave no garbage, and looking for it takes a third as long again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def database(settings: Settings) -> str:
    """The URL of the database, which then runs."""
    from groups_platform.database.connection import open_database  # noqa: PLC0415

    return open_database(settings)


def echo_json(value: Any) -> None:
    """Print a result for a program."""
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def plain(value: Any) -> Any:
    """`value` in types of JSON: figures are numbers, resource slots decimal strings, durations seconds.

    Credentials of groups are masked: what a terminal shows ends in logs.
    """
    if hasattr(value, "to_json"):
        from groups_platform.masking import mask_secrets  # noqa: PLC0415

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
