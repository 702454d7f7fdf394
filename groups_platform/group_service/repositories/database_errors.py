"""Errors of the database as errors of this package: violated constraints, and faults that are worth a new try."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import DataError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import IntegrityError as ConstraintViolated
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from groups_platform.group_service.clients.config import ManagerConfigProvider
from groups_platform.group_service.errors import Busy, DatabaseError, GroupServiceError, IntegrityError, InvalidValue

LOCK_TIMEOUT, CANCELED = "55P03", "57014"
SERIALISATION_FAILURE, DEADLOCK, STARTING_OR_STOPPING = "40001", "40P01", ("57P01", "57P02", "57P03")


@contextmanager
def refused_by(errors: Mapping[str, GroupServiceError]) -> Iterator[None]:
    """Raise the error that belongs to the constraint by which the statements of this block were refused."""
    try:
        yield
    except ConstraintViolated as violation:
        error = errors.get(constraint_of(violation) or "")
        if error is None:
            raise
        raise error from None  # the cause shows the row, secrets included


def constraint_of(error: DBAPIError) -> str | None:
    """The name of the constraint that was violated."""
    diagnosis = getattr(error.orig, "diag", None)
    return getattr(diagnosis, "constraint_name", None)


def is_connection_lost(error: BaseException) -> bool:
    """Whether the connection is gone, or could not be opened."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    # without a statement: else it is the driver that refuses one
    could_not_connect = isinstance(error, OperationalError) and state is None and error.statement is None
    return error.connection_invalidated or could_not_connect or state in STARTING_OR_STOPPING


def is_transient(error: BaseException) -> bool:
    """Whether the whole transaction, begun anew, may well succeed."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state in (SERIALISATION_FAILURE, DEADLOCK) or is_connection_lost(error)


def typed_error(
    error: SQLAlchemyError | UnicodeEncodeError, config: ManagerConfigProvider, *, is_snapshot: bool = False
) -> GroupServiceError:
    """The error of this package for one of SQLAlchemy's, or for a text that cannot be encoded.

    It shows no values: they may be secret. config: how long was waited at most. is_snapshot: by
    an action of usage, whose statements may take longer.
    """
    if isinstance(error, UnicodeEncodeError):
        return InvalidValue(f"Postgres cannot store a text with {error.object[error.start : error.end]!r} in it.")
    if isinstance(error, ConstraintViolated):
        return _violation(error)
    if isinstance(error, DataError):
        return InvalidValue(f"The database cannot store a value: {_reason(error)}.")
    limit = config.usage_timeout if is_snapshot else config.statement_timeout
    return _waited(error, config.lock_timeout, limit) or DatabaseError(
        f"The database failed: {_reason(error)}. Nothing was changed; try again later."
    )


def _violation(error: ConstraintViolated) -> GroupServiceError:
    name = constraint_of(error)
    column = getattr(getattr(error.orig, "diag", None), "column_name", None)
    if name is None and column is not None:
        return InvalidValue(f"{column} cannot be without a value.")
    return IntegrityError(f"The database refused the change by its constraint {name}.", constraint=name)


def _waited(error: SQLAlchemyError, lock_timeout: float, statement_timeout: float) -> Busy | None:
    """The error for something that was waited for too long."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if isinstance(error, NoFreeConnection):
        return Busy.after(lock_timeout, "a free connection to the database")
    if state == LOCK_TIMEOUT:
        return Busy.after(lock_timeout, f"{_locked(error)}, which another transaction holds")
    if state == CANCELED:
        return Busy.after(statement_timeout, "the answer to a query, which takes longer than is allowed")
    return None


def _locked(error: SQLAlchemyError) -> str:
    """What a statement waited for, from the context that Postgres gives: relations are quoted there in any language."""
    context = getattr(getattr(getattr(error, "orig", None), "diag", None), "context", None) or ""
    if "queue_for_commit" in context:
        return "the commit of others"
    if "record_attempt" in context:
        return "the table audit_log"
    relation = re.search(r'"(\w+)"', context)
    return f"a row of {relation[1]}" if relation else "a lock"


def _reason(error: SQLAlchemyError) -> str:
    """What Postgres says without its DETAIL, which quotes rows, or why it cannot be reached."""
    cause = getattr(error, "orig", None)
    said = getattr(getattr(cause, "diag", None), "message_primary", None)
    if said is None and isinstance(error, OperationalError):
        said = " ".join(str(cause).split())
    return said or type(cause or error).__name__
