"""The result of an action: its data, or an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

from groups_platform.group_service.types.frozen import freeze_fields

Data = TypeVar("Data")


@dataclass(frozen=True)
class ActionError:
    """Why an action failed: a stable code, a sentence, and facts for programs, which do not change either."""

    code: str
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        freeze_fields(self, "facts")


@dataclass(frozen=True)
class BaseActionResult(Generic[Data]):
    """success with data, or an error.

    warnings: what the caller should know about the data. action_id: finds the attempt's row in the audit log.
    """

    success: bool
    data: Data | None = None
    error: ActionError | None = None
    warnings: tuple[str, ...] = ()
    action_id: UUID | None = None

    def entity_id(self) -> str | None:
        """The id of what the data is about."""
        return None
