"""Entries of the audit log, their counts by day, and the filter of a search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from groups_platform.group_service.types.group import GroupName


class AuditStatus(str, Enum):
    """How an attempt ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    DENIED = "denied"


@dataclass(frozen=True)
class AuditEntry:
    """One attempt of an action: by whom, how it ended, and what it changed. Secrets are masked."""

    action_id: UUID
    action: str
    entity_type: str
    entity_id: str | None
    actor_id: UUID | None
    actor: str
    status: AuditStatus
    error_code: str | None
    description: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    run_id: str | None
    started_at: datetime
    duration: timedelta


@dataclass(frozen=True)
class AuditCount:
    """How often an action was attempted on a day and ended in one way; slowest_ms: the longest of these attempts."""

    day: date
    action: str
    status: AuditStatus
    error_code: str | None
    attempts: int
    actors: int
    entities: int
    slowest_ms: int


@dataclass(frozen=True)
class AuditFilter:
    """Which entries a search is for; None is any.

    entity_id: an id, or the name of a group that the actor sees. actor: an e-mail address, or `system`.
    """

    action: str | None = None
    entity_id: str | GroupName | None = None
    actor: str | None = None
    status: AuditStatus | None = None
    since: datetime | None = None
