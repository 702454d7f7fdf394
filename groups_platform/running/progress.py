"""The console logger of every run: steps that begin and end, and warnings. The UI has the full log."""

import logging

from dagster import DagsterEventType, Definitions, InitLoggerContext, in_process_executor, logger

from groups_platform.running.steps import PREPARING, STEPS


class ProgressHandler(logging.Handler):
    """Shows the steps of a run; standard output is for the summary."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)

    def emit(self, record: logging.LogRecord) -> None:
        """Show that a step begins or ends, and warnings, errors and waits."""
        meta = getattr(record, "dagster_meta", {})
        event, step = meta.get("dagster_event"), meta.get("step_key") or ""
        kind = event.event_type if event else None
        if kind is DagsterEventType.STEP_START:
            STEPS.forget(PREPARING)
            STEPS.begin(step)
        elif kind is DagsterEventType.STEP_SUCCESS:
            STEPS.end(step)
        elif kind is DagsterEventType.STEP_FAILURE:
            STEPS.end(step, "failed")
        elif event is None and meta and record.levelno >= logging.WARNING:
            message = meta["orig_message"]
            if message.startswith("Dependencies for step"):
                STEPS.end(step, "not run")
            else:
                STEPS.say(f"  {step}: {message}")


@logger(None, description="A line per step on standard error when it begins and when it ends.")
def console(context: InitLoggerContext) -> logging.Logger:
    """Return a logger for this run only."""
    progress = logging.Logger(f"groups_platform.{context.run_id}", logging.DEBUG)
    progress.addHandler(ProgressHandler())
    return progress


PROGRESS = Definitions(executor=in_process_executor, loggers={"console": console})
"""The executor and the console logger, to be merged with other definitions."""
