"""Says what is being done to whoever waits at a terminal: a spinner there, lines elsewhere, on standard error only."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

WIDTH = 24  # of a step's name in a line
PREPARING = "preparing the run"
"""What a run is until its first step begins."""


class Steps:
    """The steps that are open, each with a spinner and its time on a terminal. Elsewhere a line when one begins.

    When a step ends, its line stays with how long it took. Nothing is drawn when none is open, so that what comes of
    the work can be printed.
    """

    def __init__(self) -> None:
        self._open: dict[str, float] = {}
        self._tasks: dict[str, TaskID] = {}
        self._live: Progress | None = None
        self._terminal: Console | None = None

    def begin(self, name: str) -> None:
        """Show that the step begins."""
        self._open[name] = time.monotonic()
        self._terminal = self._terminal or _find_terminal()
        if self._terminal is None:
            self.say(f"  {name} …")
            return
        if self._live is None:
            self._live = _new_live(self._terminal)
            self._live.start()
        self._tasks[name] = self._live.add_task(name)

    def end(self, name: str, outcome: str = "") -> None:
        """Show that the step ended. outcome: what to say in place of its seconds."""
        seconds = time.monotonic() - self._open.pop(name, time.monotonic())
        self.forget(name)
        self.say(f"  {name:<{WIDTH}} {outcome or f'{seconds:6.1f} s'}")

    def forget(self, name: str) -> None:
        """Show the step no longer, and say nothing of it."""
        self._open.pop(name, None)
        task = self._tasks.pop(name, None)
        if self._live is not None and task is not None:
            self._live.remove_task(task)
        if self._live is not None and not self._tasks:
            self._live.stop()
            self._live = None

    def close(self) -> None:
        """Forget every step that is open."""
        for name in tuple(self._open):
            self.forget(name)

    def say(self, line: str) -> None:
        """Print a line above the spinner."""
        if self._terminal is not None:
            self._terminal.print(line, markup=False, soft_wrap=True)
        else:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()


STEPS = Steps()
"""Of this process: a terminal has room for one spinner."""


@contextmanager
def step(name: str) -> Iterator[None]:
    """Show the step while the block runs; of one that fails nothing stays, since its error says more."""
    STEPS.begin(name)
    try:
        yield
    except BaseException:
        STEPS.forget(name)
        raise
    STEPS.end(name)


class StepsHandler(logging.Handler):
    """Writes log lines so that they and a spinner do not overwrite each other."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record above the spinner."""
        STEPS.say(self.format(record))


def _find_terminal() -> Console | None:
    """The terminal behind standard error, if it can move its cursor. Dagster redirects standard error during a run."""
    from rich.console import Console  # noqa: PLC0415 - not needed for --help

    console = Console(stderr=True)
    if not console.is_terminal or console.is_dumb_terminal or not sys.stderr.isatty():
        return None
    own = os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8", errors="backslashreplace")
    return Console(file=own, highlight=False)


def _new_live(terminal: Console) -> Progress:
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    return Progress(*columns, console=terminal, transient=True, redirect_stdout=False)
