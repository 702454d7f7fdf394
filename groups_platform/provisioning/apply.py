"""M5: applies a plan by an action per project, a handful at once; what a crash leaves is done by the next run."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from psycopg.rows import dict_row

from groups_platform.database.connection import Connection, connect
from groups_platform.database.locks import session_lock
from groups_platform.database.sql_files import read_sql
from groups_platform.errors import PlatformError, ProvisioningIncomplete
from groups_platform.group_service import group_service
from groups_platform.group_service.types import OptionalState, ResourceSlot
from groups_platform.group_service.types.action import ActionError
from groups_platform.group_service.types.group import GroupCreator, GroupModifier
from groups_platform.group_service.types.user import Actor, UserRole
from groups_platform.provisioning.actions.provision_group import ProvisionGroupAction
from groups_platform.provisioning.plan import LABEL, ProvisioningPlan, keep_plan, make_plan
from groups_platform.provisioning.service import ProvisioningService
from groups_platform.provisioning.types import link_to
from groups_platform.settings import Settings

DIRECTORY: Final = Actor("directory", UserRole.SUPERADMIN)
AT_ONCE: Final = 6  # actions; the commits of all of them wait for one another
CHUNK: Final = 200  # projects that are read from the plan at once
MOST_TOLD: Final = 20  # refusals

Progress = Callable[[int], None]


@dataclass(frozen=True)
class ProvisioningResult:
    """What came of provisioning.

    projects: how many were created, changed, restored or deleted. refused: of others, by error code. refusals: the
    sentences of some. refusal: ProvisioningHeld, or ProvisioningIncomplete where some were refused.
    """

    planned: ProvisioningPlan
    projects: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()
    refusal: PlatformError | None = None

    def or_raise(self) -> ProvisioningResult:
        """This result, or its refusal raised."""
        if self.refusal:
            raise self.refusal
        return self


def provision(
    settings: Settings, url: str, *, run_id: str | None = None, progress: Progress = lambda done: None
) -> ProvisioningResult:
    """Plan, and apply the plan unless it is held. Another run is waited for.

    progress: is told how many projects are done. Raises DatabaseUnavailable, DatabaseError, LockTimeout.
    """
    with connect(url, autocommit=True, purpose="provisioning") as connection:
        session_lock(connection, "groups_platform.provisioning")
        planned = make_plan(connection, settings.limits)
        if planned.refusal and not _is_approved(connection, planned):
            keep_plan(connection, planned, "held", run_id)
            return ProvisioningResult(planned, refusal=planned.refusal)
        if planned.excesses:
            with connection.transaction():  # from here on the approval is used up, and what it was for is known
                connection.execute(read_sql("provisioning/remember_approved_removals"))
                keep_plan(connection, planned, "applied", run_id)
        done = _Done()
        if not planned.plan.is_empty:
            asyncio.run(_apply(connection, settings, url, run_id, done, progress=progress))
        with connection.transaction():
            forget = read_sql("provisioning/forget_approved_removals")
            connection.execute(forget, {"is_complete": not done.refused})
            if not done.refused:
                keep_plan(connection, planned, "applied", run_id)
    return ProvisioningResult(planned, done.projects, done.refused, tuple(done.refusals), done.refusal)


@dataclass
class _Done:
    """What is done so far."""

    projects: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)

    def refuse(self, error: ActionError) -> None:
        """Remember that an action was refused."""
        self.refused[error.code] += 1
        if len(self.refusals) < MOST_TOLD:
            self.refusals.append(error.message)

    @property
    def refusal(self) -> ProvisioningIncomplete | None:
        """What was refused, in one sentence."""
        if not self.refused:
            return None
        return ProvisioningIncomplete(
            f"{sum(self.refused.values())} of {self.projects + sum(self.refused.values())} projects were refused: "
            f"{self.refusals[0]} Run groups-platform provision again; the audit log has the others.",
            refused=dict(self.refused),
        )


async def _apply(
    connection: Connection, settings: Settings, url: str, run_id: str | None, done: _Done, *, progress: Progress
) -> None:
    at_once = asyncio.Semaphore(min(AT_ONCE, settings.pool_size))
    async with group_service(url, actor=DIRECTORY, run_id=run_id, settings=settings) as service:
        provisioning = ProvisioningService.of(service)

        async def act(step: Mapping[str, Any]) -> None:
            async with at_once:
                result = await provisioning.provision_group(_action(step))
            if result.error:
                done.refuse(result.error)
            else:
                done.projects += 1

        async for steps in _steps(connection):
            await asyncio.gather(*map(act, steps))
            progress(done.projects)


async def _steps(connection: Connection) -> AsyncIterator[list[dict[str, Any]]]:
    """The steps of the plan in chunks, in the order of their groups."""
    place: dict[str, Any] = {"after_group": -(2**63), "after_project": ""}
    while True:
        with connection.cursor(row_factory=dict_row) as cursor:
            find = read_sql("provisioning/find_steps")
            steps = cursor.execute(find, {**place, "limit": CHUNK}).fetchall()
        if not steps:
            return
        yield steps
        last = steps[-1]
        place = {"after_group": last["group_id"], "after_project": str(last["project_id"] or "")}


def _action(step: Mapping[str, Any]) -> ProvisionGroupAction:
    """The action of a row of `find_steps`."""
    about = {name: step[name] for name in ("rule_id", "added", "removed", "is_exact", "is_known")}
    about["directory_group_id"] = step["group_id"]
    fields = {
        name: step[name] for name in ("name", "resource_policy", "total_resource_slots") if step[name] is not None
    }
    if "total_resource_slots" in fields:
        fields["total_resource_slots"] = ResourceSlot.from_json(fields["total_resource_slots"])
    if step["step"] == "create":
        link = link_to(step["group_id"])
        return ProvisionGroupAction(
            **about, creator=GroupCreator(domain_name=step["domain_name"], integration_id=link, **fields)
        )
    if step["step"] != "change":
        fields["is_active"] = step["step"] == "restore"
    changes: dict[str, Any] = {name: OptionalState.update(value) for name, value in fields.items()}
    return ProvisionGroupAction(**about, project_id=step["project_id"], modifier=GroupModifier(**changes))


def _is_approved(connection: Connection, planned: ProvisioningPlan) -> bool:
    parameters = {"label": LABEL, "plan_id": planned.plan.id}
    return connection.execute(read_sql("provisioning/is_approved"), parameters).fetchone() == (True,)
