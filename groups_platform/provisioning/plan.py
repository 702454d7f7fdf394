"""M4: what provisioning would change, what is in the way, and whom nobody can match; found out in one snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from psycopg.rows import dict_row

from groups_platform.database.connection import Connection, connect
from groups_platform.database.sql_files import read_sql
from groups_platform.directory.guard import Excess, find_excesses, worst_of
from groups_platform.directory.plan import SAMPLE_ROWS, Plan, plan_of, store_plan
from groups_platform.errors import ProvisioningHeld
from groups_platform.settings import Limit

LABEL: Final = "provisioning"  # by which its plans are kept, held and approved
LOOK: Final = "groups-platform provision --plan"

# In the order in which people see them.
KINDS: Final = (
    "projects_created",
    "projects_restored",
    "projects_taken_over",
    "projects_renamed",
    "projects_changed",
    "projects_deleted",
    "members_added",
    "members_removed",
)
BLOCKERS: Final = {
    "claimed_twice": "two rules claim the directory group",
    "linked_elsewhere": "its project is in another domain than the rule says",
    "deleted_by_hand": "somebody has deleted its project: restore or purge it, or give it another integration id",
    "inactive_domain": "the domain is deactivated",
    "name_taken": "another project of the domain has the name",
    "unknown_policy": "there is no such resource policy",
}
UNMATCHED: Final = {
    "no_address": "the agent has no e-mail address",
    "no_user": "no user has the agent's e-mail address",
    "several_agents": "several agents have the e-mail address",
    "several_users": "several users have the e-mail address, in different cases",
    "inactive_user": "the user is not active",
    "other_domain": "the user is in another domain than the project",
    "kept": "stays a member: the e-mail address is of several people now",
}


@dataclass(frozen=True)
class ProvisioningPlan:
    """What provisioning would change.

    plan: of the kinds of KINDS. blocked: by reason of BLOCKERS, how many projects. unmatched: by reason of UNMATCHED,
    how many people. blockers, people: rows of both, at most as many as were asked for. stored: what the limits are
    shares of.
    """

    plan: Plan
    excesses: tuple[Excess, ...] = ()
    blocked: Mapping[str, int] = field(default_factory=dict)
    blockers: tuple[Mapping[str, Any], ...] = ()
    unmatched: Mapping[str, int] = field(default_factory=dict)
    people: tuple[Mapping[str, Any], ...] = ()
    stored: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The plan in types of JSON."""
        return {**asdict(self), "excesses": [excess.to_json() for excess in self.excesses]}

    @property
    def refusal(self) -> ProvisioningHeld | None:
        """Why the plan is held, if it is not approved, and which command decides."""
        if not self.excesses:
            return None
        return ProvisioningHeld(
            f"Provisioning is held, and nothing of it was applied. {worst_of(self.excesses)}. "
            f"Look at it with {LOOK}; then groups-platform approve {LABEL} --plan {self.plan.id} --reason TEXT applies "
            "it.",
            plan_id=self.plan.id,
            excesses=[excess.to_json() for excess in self.excesses],
        )


def plan_provisioning(
    url: str, limits: Mapping[str, Limit | None], *, run_id: str | None = None, rows: int = SAMPLE_ROWS
) -> ProvisioningPlan:
    """The plan over the tables as they are, which is kept so that it can be approved. Raises DatabaseUnavailable.

    rows: how many rows of blockers and of people it has at most.
    """
    with connect(url, autocommit=True, purpose="provisioning plan") as connection:
        planned = make_plan(connection, limits, rows)
        keep_plan(connection, planned, "planned", run_id)
    return planned


def make_plan(connection: Connection, limits: Mapping[str, Limit | None], rows: int = SAMPLE_ROWS) -> ProvisioningPlan:
    """The plan, from one snapshot; leaves its steps in temporary tables of the connection, which is in autocommit."""
    with _snapshot(connection):
        for step in ("plan_people", "plan_projects", "plan_members"):
            connection.execute(read_sql(f"provisioning/{step}"))
        plan = plan_of(connection, read_sql("provisioning/plan_rows"), KINDS)
        (stored,) = _read(connection, "plan_totals")
        done = {name: stored.pop(name) for name in ("members_removed", "projects_deleted")}  # approved already
        counts = {name: plan.counts[name] - approved for name, approved in done.items()}
        return ProvisioningPlan(
            plan,
            find_excesses(counts, stored, limits),
            dict(connection.execute(read_sql("provisioning/count_blocked")).fetchall()),
            tuple(_read(connection, "read_blocked", limit=rows)),
            dict(connection.execute(read_sql("provisioning/count_unmatched")).fetchall()),
            tuple(_read(connection, "read_unmatched", limit=rows)),
            stored,
        )


def keep_plan(connection: Connection, planned: ProvisioningPlan, outcome: str, run_id: str | None) -> None:
    """Keep the plan of what changes something, in place of another one that waits. outcome: as `store_plan`."""
    if planned.plan.is_empty:
        return
    with connection.transaction():
        connection.execute(read_sql("provisioning/forget_waiting_plans"), {"label": LABEL, "plan_id": planned.plan.id})
        store_plan(
            connection,
            planned.plan,
            sync_day=LABEL,
            fingerprint="",
            outcome=outcome,
            excesses=planned.excesses,
            run_id=run_id,
        )


@contextmanager
def _snapshot(connection: Connection) -> Iterator[None]:
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.execute("SET LOCAL search_path = directory, public")
        connection.execute(read_sql("directory/set_up_transaction"))
        yield


def _read(connection: Connection, name: str, **parameters: Any) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(read_sql(f"provisioning/{name}"), parameters).fetchall()
