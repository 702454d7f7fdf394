"""The console logger of every run: a line when a step ends, and warnings. The UI has the full log."""

import logging
import sys
import time

from dagster import DagsterEventType, Definitions, InitLoggerContext, in_process_executor, logger


class ProgressHandler(logging.Handler):
    """Writes to standard error; standard output is for the summary."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self._started: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line when a step ends, and warnings, errors and waits."""
        meta = getattr(record, "dagster_meta", {})
        event, step = meta.get("dagster_event"), meta.get("step_key") or ""
        kind = event.event_type if event else None
        if kind is DagsterEventType.STEP_START:
            self._started[step] = time.monotonic()
        elif kind is DagsterEventType.STEP_SUCCESS:
            seconds = time.monotonic() - self._started.pop(step, time.monotonic())
            self._say(f"  {step:<24} {seconds:6.1f} s")
        elif kind is DagsterEventType.STEP_FAILURE:
            self._say(f"  {step:<24} failed")
        elif event is None and meta and record.levelno >= logging.WARNING:
            message = meta["orig_message"]
            is_after_failure = message.startswith("Dependencies for step")
            self._say(f"  {step:<24} not run" if is_after_failure else f"  {step}: {message}")

    @staticmethod
    def _say(line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


@logger(None, description="A line per finished step on standard error.")
def console(context: InitLoggerContext) -> logging.Logger:
    """Return a logger for this run only."""
    progress = logging.Logger(f"groups_platform.{context.run_id}", logging.DEBUG)
    progress.addHandler(ProgressHandler())
    return progress


PROGRESS = Definitions(executor=in_process_executor, loggers={"console": console})
"""The executor and the console logger, to be merged with other definitions."""
