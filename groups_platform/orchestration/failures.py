"""Turns a PlatformError into a Dagster Failure with its sentence, code and facts, masked and without retries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagster import Failure, MetadataValue

from groups_platform.database.connection import find_lost_connection
from groups_platform.errors import PlatformError
from groups_platform.masking import mask_text
from groups_platform.orchestration.metadata import rows_table
from groups_platform.settings import Settings

MOST_ROWS = 100
LONGEST_FACT = 1000


@contextmanager
def as_failure() -> Iterator[None]:
    """Raise a PlatformError of the block, or a lost connection to Postgres, as a Failure."""
    try:
        yield
    except PlatformError as error:
        raise failure_of(error) from _masked(error.__cause__)
    except Exception as error:
        lost = find_lost_connection(error, is_embedded=Settings.from_env().database_url is None)
        if lost is None:
            raise
        raise failure_of(lost) from _masked(error)


def failure_of(error: PlatformError) -> Failure:
    """Return the Dagster Failure for `error`."""
    return failure(error.code, str(error), error.facts)


def failure(code: str, message: str, facts: Mapping[str, Any]) -> Failure:
    """Return the Dagster Failure for an error that is a value, not an exception."""
    shown = {name: _shown(value) for name, value in facts.items()}
    return Failure(message, metadata={**shown, "code": code}, allow_retries=False)


def _masked(cause: BaseException | None) -> Exception | None:
    """Return the cause for the run's log: the same text, masked, with the same traceback."""
    if cause is None:
        return None
    return RuntimeError(mask_text(f"{type(cause).__name__}: {cause}")).with_traceback(cause.__traceback__)


def _shown(value: Any) -> Any:
    if isinstance(value, (list, tuple)) and value and all(isinstance(item, Mapping) for item in value):
        return rows_table(value[:MOST_ROWS])
    return MetadataValue.text(str(value)[:LONGEST_FACT])
