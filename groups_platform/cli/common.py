"""Shared parts of the commands: options, error handling, the database."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Iterator, Sequence, Sized
from contextlib import contextmanager
from typing import Any

import click

from groups_platform.cli.answers import OUTPUT, Output, answer_error, output_of_run
from groups_platform.errors import PlatformError
from groups_platform.running.steps import step
from groups_platform.settings import Settings
from groups_platform.wording import counted


def _choose(context: click.Context, option: click.Parameter, is_chosen: bool) -> bool:
    """Set what the caller reads: from here on the options decide, and no longer the words of the command line."""
    output = output_of_run()
    if not is_chosen and isinstance(context.command, click.Group):
        return is_chosen  # the command below may have it
    if is_chosen and context.meta.setdefault("format", option) is not option:
        raise click.UsageError("Write --json or --csv, not both.")
    if option.name == "as_json":
        output.is_json = is_chosen
    else:
        output.is_csv = is_chosen
    return is_chosen


JSON = click.option(
    "--json", "as_json", is_flag=True, is_eager=True, callback=_choose, help="Print the result as JSON for a program."
)
CSV = click.option(
    "--csv",
    "as_csv",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_choose,
    help="Print the rows as CSV. Text that starts with = + - or @ gets a ' before it.",
)
WHOLE = 1000  # characters of a sentence of `--help`: all of it
LIMIT = click.option("--limit", default=300, show_default=True, type=click.IntRange(1), help="Rows to show at most.")


def refuse_option(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Refuse an option that does not exist where negative ids are arguments, so that click lets all of them through."""
    if value is not None and re.match(r"-(?!\d+$)", value):
        raise click.NoSuchOption(value)
    return value


def cut_at(limit: int, rows: Sized) -> str | None:
    """Say of rows that were read with this limit that there may be more."""
    shown = f"{counted(limit, 'row')} {'is' if limit == 1 else 'are'} shown"
    return f"{shown}; there may be more, and --limit shows them." if len(rows) >= limit else None


class ListingGroup(click.Group):
    """A click group whose `--help` shows the first sentence about each command, folded and never cut."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write all commands, by name."""
        self.write_section(formatter, "Commands", self.list_commands(ctx))

    def write_section(self, formatter: click.HelpFormatter, title: str, names: Sequence[str]) -> None:
        """Write these commands under a title."""
        commands = [(name, self.commands[name].get_short_help_str(WHOLE)) for name in names if name in self.commands]
        if commands:
            with formatter.section(title):
                formatter.write_dl(commands)


class PlatformGroup(ListingGroup):
    """A click group that ends on an error with a sentence; with `--json` also with one JSON document.

    Exit codes: 0 success, 1 failure, 2 wrong usage.
    """

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run the command line."""
        words = list(sys.argv[1:] if args is None else args)
        options = words[: words.index("--")] if "--" in words else words
        token = OUTPUT.set(Output(is_json=any(word.partition("=")[0] == "--json" for word in options)))
        try:
            return super().main(words, *rest, **extra)
        except SystemExit as end:
            if end.code:
                answer_error("failed", f"The command ended with {end.code}.")
            raise
        finally:
            OUTPUT.reset(token)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Parse the command line; reports errors in it."""
        with _answered():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; reports its errors."""
        with _answered(ctx):
            return super().invoke(ctx)


class InvalidArgument(PlatformError):
    """A number is beyond what Postgres stores, or a text is not UTF-8.

    What to do: correct the number or the text.
    """

    code = "invalid_value"


@contextmanager
def _answered(context: click.Context | None = None) -> Iterator[None]:
    try:
        yield
    except (SystemExit, click.exceptions.Exit):
        raise
    except PlatformError as error:
        raise _refusal(error) from error
    except click.ClickException as error:
        answer_error("usage_error" if isinstance(error, click.UsageError) else "failed", error.format_message())
        raise
    except BrokenPipeError:
        output_of_run().is_answered = True  # nobody reads any more
        raise
    except (EOFError, click.Abort):
        answer_error("aborted", "It was stopped.")
        raise
    except Exception as error:
        known = _explain(error, is_embedded=bool(context and context.obj and not context.obj.database_url))
        if known is None:
            answer_error("internal_error", f"{type(error).__name__}: {error}")
            raise
        raise _refusal(known) from error
    except BaseException as stop:  # Ctrl-C, also as asyncio and Dagster raise it
        answer_error("aborted", "It was stopped.")
        raise click.Abort from stop


def _explain(error: Exception, *, is_embedded: bool) -> PlatformError | None:
    """Return what an exception means that no command handles; None if nobody knows."""
    from psycopg.errors import NumericValueOutOfRange  # noqa: PLC0415

    from groups_platform.database.connection import find_lost_connection  # noqa: PLC0415

    if isinstance(error, (NumericValueOutOfRange, UnicodeEncodeError)):
        return InvalidArgument(f"A value cannot be looked up: {str(error).splitlines()[0]}.")
    return find_lost_connection(error, is_embedded=is_embedded)


def _refusal(error: PlatformError) -> click.ClickException:
    answer_error(error.code, str(error), error.facts, getattr(error, "action_id", None))
    return click.ClickException(f"{error} ({error.code})")


@contextmanager
def importing() -> Iterator[None]:
    """Disable garbage collection during large imports: it would find nothing and take a third longer."""
    with step("starting Dagster"):
        gc.disable()
        try:
            yield
        finally:
            gc.freeze()
            gc.enable()


def start_database(settings: Settings) -> None:
    """Start the embedded server unless it runs, and say so, since a first start takes seconds.

    Raises DatabaseUnavailable, DatabaseUnsuitable.
    """
    from groups_platform.database.embedded import running_url  # noqa: PLC0415

    if settings.database_url is None and running_url(settings.home) is None:
        from groups_platform.database.connection import open_database  # noqa: PLC0415

        with step("starting Postgres"):
            open_database(settings)


def database(settings: Settings) -> str:
    """Return the URL of the database, started and migrated. Raises DatabaseUnavailable, DatabaseUnsuitable."""
    from groups_platform.database.connection import open_database  # noqa: PLC0415

    start_database(settings)
    return open_database(settings)
