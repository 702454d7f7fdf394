"""What a review finds, a review that was started, and its rows with what was decided."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from groups_platform.group_service.types.frozen import freeze_fields
from groups_platform.masking import mask_text

UNUSED_AFTER_DAYS = 90
"""For how long a project is without any kernel until it counts as unused; `manager.access_rows` has it too."""


class AccessKind(str, Enum):
    """What is found, in the order in which it is shown."""

    INACTIVE_GROUP = "inactive_group_owns_project"
    NO_ACTIVE_MEMBER = "no_active_member"
    INACTIVE_AGENT = "inactive_agent"
    NOT_IN_DIRECTORY = "not_in_directory"
    AMBIGUOUS_PERSON = "ambiguous_person"
    RUNNING_KERNELS = "running_kernels"
    UNUSED_PROJECT = "unused_project"

    @property
    def heading(self) -> str:
        """What it is, above its rows."""
        return _HEADINGS[self]

    @property
    def is_about_project(self) -> bool:
        """Whether a row is about a whole project, rather than a person in it."""
        return self in (AccessKind.INACTIVE_GROUP, AccessKind.NO_ACTIVE_MEMBER, AccessKind.UNUSED_PROJECT)


_HEADINGS = {
    AccessKind.INACTIVE_GROUP: "Live projects of inactive directory groups",
    AccessKind.NO_ACTIVE_MEMBER: "Live projects without an active member",
    AccessKind.INACTIVE_AGENT: "Members who are inactive agents",
    AccessKind.NOT_IN_DIRECTORY: "Members who are in no directory",
    AccessKind.AMBIGUOUS_PERSON: "Members of whom nobody can tell which agent they are",
    AccessKind.RUNNING_KERNELS: "Running kernels of people who are inactive or in no directory",
    AccessKind.UNUSED_PROJECT: f"Projects without a kernel for {UNUSED_AFTER_DAYS} days",
}


@dataclass(frozen=True)
class AccessRow:
    """A project, or a person in a project, that somebody should look at.

    user_id, email: None where the row is about the whole project. agent_id: None where the directory does not tell.
    kernels, cpu (cores), mem (bytes), gpu: what runs now, of the project or of the person in it. folders: of the
    project, or the person's own. since_day: the applied day since which it is so, None where the histories do not
    tell. since: since when kernels run, or a project is unused. command: ends it; empty where the platform cannot.
    """

    kind: AccessKind
    domain_name: str
    project_id: UUID
    project_name: str
    user_id: UUID | None
    email: str | None
    agent_id: int | None
    agent_name: str | None
    directory_group_id: int | None
    directory_group_name: str | None
    detail: str
    kernels: int
    cpu: Decimal
    mem: int
    gpu: Decimal
    folders: int
    since_day: str | None
    since: datetime | None
    command: str = field(init=False)

    def __post_init__(self) -> None:
        """Say what ends it."""
        object.__setattr__(self, "command", _command(self))

    @property
    def project(self) -> str:
        """The project as commands take it."""
        return f"{self.domain_name}/{self.project_name}"

    def to_json(self) -> dict[str, Any]:
        """The row in types of JSON, the same for every reader of the database."""
        return {part.name: json_of(getattr(self, part.name)) for part in fields(self)}


def _command(row: AccessRow) -> str:
    group = f"groups-platform group {{}} {shlex.quote(row.project)}"
    if row.kind is AccessKind.RUNNING_KERNELS:
        return ""  # the platform stops no kernels
    return group.format("delete") if row.user_id is None else f"{group.format('members')} --remove {row.user_id}"


@dataclass(frozen=True)
class UnownedProject:
    """What a project holds that nobody active owns: of one without an owner all, else what runs for who has left."""

    domain_name: str
    project_name: str
    kernels: int
    cpu: float
    mem: int
    gpu: float
    folders: int


@dataclass(frozen=True)
class AccessPage:
    """Rows in the order of their kinds, domains, projects and addresses.

    counts: of all rows that the actor may see, by kind, whatever kinds the page has. unowned: the projects that hold
    most which nobody active owns. total: `projects`, `kernels`, `cpu`, `mem`, `gpu`, `folders` of all such projects.
    next_cursor: asks for the page that follows; None on the last.
    """

    rows: tuple[AccessRow, ...]
    counts: Mapping[str, int]
    unowned: tuple[UnownedProject, ...]
    total: Mapping[str, float]
    next_cursor: str | None = None

    def __post_init__(self) -> None:
        freeze_fields(self, "counts", "total")


class Decision(str, Enum):
    """What becomes of a row. gone: it was not so any more when somebody wanted to decide."""

    KEEP = "keep"
    REVOKE = "revoke"
    GONE = "gone"


@dataclass(frozen=True)
class Review:
    """A review of a domain. sync_day: the newest day that was applied when it was started. open: rows to decide.

    digest: of the finished record, as `groups_platform.provisioning.review.record` computes it.
    """

    id: int
    domain_name: str
    sync_day: str | None
    started_by: str
    started_at: datetime
    rows: int
    kept: int
    revoked: int
    gone: int
    open: int
    finished_by: str | None = None
    finished_at: datetime | None = None
    digest: str | None = None

    @property
    def state(self) -> str:
        """`finished`, or how many rows are open."""
        return "finished" if self.finished_at else f"{self.open} open"

    def to_json(self) -> dict[str, Any]:
        """The review in types of JSON."""
        return {part.name: json_of(getattr(self, part.name)) for part in fields(self)}


@dataclass(frozen=True)
class ReviewRow(AccessRow):
    """A row as it was when its review was started, and what was decided; None while it is open.

    row: names it, such as `3.12`. effect: what was done. action_id, effect_action_id: of the decision and of what was
    done, in the audit log.
    """

    row: str
    decision: Decision | None
    reason: str | None
    effect: str | None
    decided_by: str | None
    decided_at: datetime | None
    action_id: UUID | None
    effect_action_id: UUID | None


@dataclass(frozen=True)
class ReviewPage:
    """Reviews, newest first. next_cursor asks for the page that follows; None on the last."""

    reviews: tuple[Review, ...]
    next_cursor: str | None = None


@dataclass(frozen=True)
class ReviewRowsPage:
    """A review, and rows of it in the order of their numbers. next_cursor asks for those that follow."""

    review: Review
    rows: tuple[ReviewRow, ...]
    next_cursor: str | None = None


def json_of(value: Any) -> Any:
    """A field's value in types of JSON, without secrets; whole numbers without a fraction, instants in UTC."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat()
    if isinstance(value, str):
        return mask_text(value)  # a name or a reason may have an address with a password in it
    return str(value) if isinstance(value, UUID) else value
