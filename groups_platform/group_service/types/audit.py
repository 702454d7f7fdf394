"""The audit log: what an attempt was about, its entry, the filter and the pages of a search, counts by day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from groups_platform.group_service.types.frozen import freeze_fields
from groups_platform.group_service.types.group import GroupData, GroupName

LONGEST_TEXT = 200  # characters of a text in before and after


class AuditStatus(str, Enum):
    """How an attempt ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    DENIED = "denied"


@dataclass(frozen=True)
class Entity:
    """What an attempt was about, as far as it is known. former_domain_name: where it was before it moved."""

    id: str | None = None
    name: str | None = None
    domain_name: str | None = None
    former_domain_name: str | None = None


def group_entity(group: GroupData, before: GroupData | None = None) -> Entity:
    """The entity of an attempt on a group, which may have been in another domain before."""
    former = before.domain_name if before and before.domain_name != group.domain_name else None
    return Entity(str(group.id), group.name, group.domain_name, former)


def differences(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """Both states, of JSON types, with the keys that differ; whole where there is only one."""
    if before is None or after is None:
        return before, after
    changed = [key for key in after if key not in before or before[key] != after[key]]
    return {key: before.get(key) for key in changed}, {key: after[key] for key in changed}


def cut_texts(value: Any) -> Any:
    """`value`, of JSON types, with long texts cut: the log says that they changed, and does not keep them."""
    if isinstance(value, Mapping):
        return {key: cut_texts(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [cut_texts(item) for item in value]
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return f"{value[:LONGEST_TEXT]}… ({len(value)} characters)"
    return value


@dataclass(frozen=True)
class AuditEntry:
    """One attempt of an action: by whom, how it ended, and what it changed. Secrets are masked, long texts are cut.

    number: attempts have it in the order in which they were committed; numbers may be missing.
    before, after: the fields that changed; all of them where the entity was created or is gone.
    """

    number: int
    action_id: UUID
    action: str
    is_read: bool
    entity_type: str
    entity_id: str | None
    entity_name: str | None
    domain_name: str | None
    former_domain_name: str | None
    actor_id: UUID | None
    actor: str
    status: AuditStatus
    error_code: str | None
    description: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    run_id: str | None
    started_at: datetime
    duration: timedelta

    def __post_init__(self) -> None:
        freeze_fields(self, "before", "after")


@dataclass(frozen=True)
class AuditPage:
    """Entries in the order of their numbers. next_cursor asks for the page that follows; None on the last."""

    entries: tuple[AuditEntry, ...]
    next_cursor: int | None = None


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

    entity_id: an id, or a name that the entity has or had, also one that is purged; a GroupName also names the domain.
    actor: an e-mail address, or `system`. since: included, until: excluded; both say when the attempts began,
    in UTC where they have no zone.
    with_reads: also attempts that only read; without an action or an action_id they are left out by default.
    """

    action: str | None = None
    entity_id: str | UUID | GroupName | None = None
    actor: str | None = None
    status: AuditStatus | None = None
    since: datetime | None = None
    until: datetime | None = None
    action_id: UUID | None = None
    run_id: str | None = None
    with_reads: bool = False


@dataclass(frozen=True)
class ArchivedMonth:
    """A month of the audit log that was written to a file and dropped. first, last: its numbers."""

    month: date
    file: str
    entries: int
    first: int
    last: int
