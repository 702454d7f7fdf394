"""What a command answers: a drawing for people, one JSON document, or the rows of a listing as CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, TypeVar

import click

from groups_platform.masking import mask_secrets, mask_text

Data = TypeVar("Data")

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # spreadsheets compute a cell that starts so


@dataclass
class Output:
    """What the caller reads, and whether the JSON document was printed: there is exactly one."""

    is_json: bool
    is_csv: bool = False
    is_answered: bool = False


OUTPUT: ContextVar[Output] = ContextVar("output")


def output_of_run() -> Output:
    """Return what the caller of this run reads; who only parses a command line is a person."""
    return OUTPUT.get(None) or Output(is_json=False)


@dataclass(frozen=True)
class Rows(Generic[Data]):
    """A listing as CSV.

    columns: names of the rows' fields in the JSON, or the dataclass that has them. of: the rows of the data, of any
    type that `plain` takes; a field that a row lacks is an empty cell. note: a sentence for standard error, such as
    how to see what is left out.
    """

    columns: type | Sequence[str]
    of: Callable[[Data], Iterable[Any]] = iter  # type: ignore[assignment]
    note: Callable[[Data], str | None] = lambda _: None


def show(data: Data, as_json: bool, draw: Callable[[Data], Any], rows: Rows[Data] | None = None, **answer: Any) -> None:
    """Draw the result of a command, print it as JSON (`answer`: see echo_answer), or with --csv print its `rows`.

    Warnings go to standard error.
    """
    if as_json:
        echo_answer(data, **answer)
    elif output_of_run().is_csv:
        assert rows is not None, "A command with --csv gives show its rows."
        _echo(_as_csv(data, rows))
        click.echo(rows.note(data) or "", err=True, nl=bool(rows.note(data)))
    else:
        draw(data)
    for warning in answer.get("warnings", ()):
        click.echo(f"Warning: {warning}", err=True)


def echo_answer(
    data: Any, *, error: Mapping[str, Any] | None = None, warnings: Sequence[str] = (), action_id: object = None
) -> None:
    """Print the JSON that every command returns: success, data, error, warnings and action_id.

    error: code, message and facts. action_id: of the row in the audit log, if there is one. A second answer of the
    same run is not printed.
    """
    parts = {"data": data, "error": error, "warnings": warnings, "action_id": action_id}
    document = json.dumps({"success": error is None, **plain(parts)}, indent=2, ensure_ascii=False, allow_nan=False)
    if not output_of_run().is_answered:
        output_of_run().is_answered = True  # also if the write fails: a broken pipe takes no other answer
        _echo(f"{document}\n")


def answer_error(code: str, message: str, facts: Mapping[str, Any] | None = None, action_id: object = None) -> None:
    """Print the JSON of an error if the caller reads JSON; people read it on standard error."""
    if output_of_run().is_json:
        echo_answer(
            None, error={"code": code, "message": mask_text(message), "facts": facts or {}}, action_id=action_id
        )


def _echo(text: str) -> None:
    """Print UTF-8, whatever the terminal has; what is no character becomes an escape, as JSON writes it."""
    try:
        click.echo(text.encode("utf-8", "backslashreplace"), nl=False)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise click.ClickException(f"The output cannot be written: {error.strerror}.") from error


def _as_csv(data: Data, rows: Rows[Data]) -> str:
    """RFC 4180. Cells: texts as they are, no value as nothing, everything else as in the JSON."""
    is_named = isinstance(rows.columns, type)
    columns = [field.name for field in fields(rows.columns)] if is_named else list(rows.columns)  # type: ignore[arg-type]
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, columns, extrasaction="ignore")
    writer.writeheader()
    for row in rows.of(data):
        writer.writerow({name: _cell(value) for name, value in plain(row).items()})
    return written.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    return json.dumps(value, ensure_ascii=False)


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
    if isinstance(value, (Decimal, float)) and not math.isfinite(value):
        return str(value)  # JSON has no such number
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
