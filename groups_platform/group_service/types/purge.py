"""Purges that wait for a second admin: what was asked for, by whom, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from groups_platform.group_service.types.frozen import freeze_fields

LIFETIME = timedelta(days=7)
"""How long a request waits for its approval."""


class PurgeRequestState(str, Enum):
    """Where a request is. replaced: by a newer request, or by a purge that needed none."""

    WAITING = "waiting"
    APPROVED = "approved"
    REPLACED = "replaced"
    EXPIRED = "expired"


@dataclass(frozen=True)
class PurgeRequest:
    """A purge that one admin asked for and another has to approve; the group as it was when it was asked for.

    counts, vfolders, endpoints: what would go, as in a PurgePlan. plan_digest: of the group and of every row that would
    go; a purge with another digest is not approved. requested_by, approved_by: e-mail addresses, or `system`, whose id
    is None.
    """

    id: UUID
    group_id: UUID
    group_name: str
    domain_name: str
    counts: Mapping[str, int]
    vfolders: tuple[str, ...]
    endpoints: tuple[str, ...]
    plan_digest: str
    requested_by_id: UUID | None
    requested_by: str
    requested_at: datetime
    expires_at: datetime
    state: PurgeRequestState
    approved_by_id: UUID | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None

    def __post_init__(self) -> None:
        freeze_fields(self, "counts")


@dataclass(frozen=True)
class PurgeRequestPage:
    """Requests, newest first. next_cursor asks for the page that follows; None on the last."""

    requests: tuple[PurgeRequest, ...]
    next_cursor: str | None = None
