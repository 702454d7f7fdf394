"""P11: the limits of what a day may change. Pure: numbers in, excesses out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from groups_platform.directory.impact import ImpactReader
from groups_platform.errors import DayHeld
from groups_platform.settings import DEFAULT_LIMITS, Limit, Settings

# Which rows a limit is a share of, by the names of the totals that were stored before the day.
OF: Final = {
    "agents_deactivated": "active_agents",
    "memberships_removed": "memberships",
    "groups_turned_inactive": "active_groups",
    "groups_missing": "groups",
    "groups_moved": "groups",
    "groups_read_fewer": "groups_read",
    "agents_read_fewer": "agents_read",
    # what provisioning measures: the first in a day, the others in a plan of its own
    "projects_with_running_kernels": "live_projects",
    "members_removed": "linked_members",
    "projects_deleted": "live_projects",
}
NOTHING_READ: Final[Mapping[str, int]] = {"groups": 0, "agents": 0}


@dataclass(frozen=True)
class Protection:
    """What protects the tables.

    limits: by the names of OF; None where there is none. grace_days: see P19; 0: never. lock_timeout: seconds to wait
    for another transaction that changes the tables. impact: finds out what else a day would bring about, which limits
    hold too.
    """

    limits: Mapping[str, Limit | None] = field(default_factory=lambda: DEFAULT_LIMITS)
    grace_days: int = 3
    lock_timeout: float = 60.0
    impact: ImpactReader | None = None

    @classmethod
    def of(cls, settings: Settings, impact: ImpactReader | None = None) -> Protection:
        """What the settings say."""
        return cls(settings.limits, settings.grace_days, settings.lock_timeout, impact)


OFF: Final = Protection(dict.fromkeys(OF), grace_days=0)


@dataclass(frozen=True)
class Excess:
    """A limit that the day exceeds: it changes `measured` rows, of `stored`, and at most `allowed` may change."""

    limit: str
    measured: int
    stored: int
    allowed: int

    @property
    def share(self) -> float:
        """What part of the stored rows changes; more than 1 where none was stored."""
        return self.measured / max(self.stored, 1)

    @property
    def sentence(self) -> str:
        """What a person is told."""
        what = self.limit.replace("_", " ")
        return f"{what}: {self.measured:,} of {self.stored:,} ({self.share:.0%}), allowed are {self.allowed:,}"

    def to_json(self) -> dict[str, Any]:
        """For the table of plans."""
        return {**asdict(self), "share": round(self.share, 4)}


def hold(label: str, plan_id: str, excesses: Sequence[Excess], *, look: str) -> DayHeld:
    """Why a day, or a replay, is held, and which commands decide. look: the command that shows its plan."""
    return DayHeld(
        f"{label} is held, and nothing of it was applied. {worst_of(excesses)}. Look at it with "
        f"{look}; then groups-platform approve {label} --plan {plan_id} --reason TEXT applies it, and "
        f"groups-platform reject {label} --reason TEXT lets later days go on without it.",
        sync_day=label,
        plan_id=plan_id,
        excesses=[excess.to_json() for excess in excesses],
    )


def worst_of(excesses: Sequence[Excess]) -> str:
    """The worst excess, which is the first, and how many more there are."""
    others = len(excesses) - 1
    more = f" ({others} more {'limits are' if others > 1 else 'limit is'} exceeded)" if others else ""
    return f"{excesses[0].sentence.capitalize()}{more}"


def measure(
    counts: Mapping[str, int],
    totals: Mapping[str, int],
    fewer: Mapping[str, int] = NOTHING_READ,
    read_before: Mapping[str, int] = NOTHING_READ,
) -> tuple[dict[str, int], dict[str, int]]:
    """What the limits compare: what changes, and what there was before.

    counts: of the plan. totals: rows that are stored. fewer, read_before: by kind, how many records fewer were read
    than before, and how many before.
    """
    changes = {**counts, **{f"{kind}_read_fewer": n for kind, n in fewer.items()}}
    active_groups = totals["groups"] - totals["inactive_groups"]
    return changes, {**totals, "active_groups": active_groups, **{f"{k}_read": n for k, n in read_before.items()}}


def find_excesses(
    changes: Mapping[str, int], stored: Mapping[str, int], limits: Mapping[str, Limit | None]
) -> tuple[Excess, ...]:
    """The limits that are exceeded, the worst first: both the share of what was stored and the number of rows are.

    Limits on what was not measured are not exceeded.
    """
    excesses = []
    for name, of in OF.items():
        limit = limits.get(name)
        if limit is not None and name in changes and of in stored:
            allowed = limit.allowed(stored[of])
            if changes[name] > allowed:
                excesses.append(Excess(name, changes[name], stored[of], allowed))
    return tuple(sorted(excesses, key=lambda excess: excess.measured / max(excess.allowed, 1), reverse=True))
