"""What comes of applying a day, as a value: also for a day that is refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from groups_platform.directory.checks import CheckResult
from groups_platform.directory.guard import Excess
from groups_platform.directory.plan import Plan
from groups_platform.errors import PlatformError

TABLES: Final = ("agents", "groups", "group_membership", "group_inactivity")


@dataclass(frozen=True)
class TableChange:
    """How many rows of one table a run inserted, updated, deleted and left unchanged."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0

    @property
    def written(self) -> int:
        """Rows inserted, updated or deleted."""
        return self.inserted + self.updated + self.deleted


@dataclass(frozen=True)
class DayResult:
    """The result of applying a day.

    newest_day: the applied day that is newer, when that is why nothing was applied. refusal: IncompleteSnapshot,
    DayHeld or CheckFailed, when that is why; `checks` then has the evaluated checks, if it came so far.
    plan: what the day changes, or would change, if it came so far. excesses: the limits that this exceeds.
    applied_fingerprint: of the content with which an older day was applied; None where it never was.
    changes: by table of TABLES. findings: by code, zeros included.
    """

    label: str
    is_applied: bool
    newest_day: str | None = None
    refusal: PlatformError | None = None
    changes: dict[str, TableChange] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    checks: tuple[CheckResult, ...] = ()
    plan: Plan | None = None
    excesses: tuple[Excess, ...] = ()
    applied_fingerprint: str | None = None

    @property
    def rows_written(self) -> int:
        """Rows written to all tables."""
        return sum(change.written for change in self.changes.values())

    def or_raise(self) -> DayResult:
        """Return this result, or raise its refusal."""
        if self.refusal:
            raise self.refusal
        return self
