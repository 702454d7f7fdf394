"""Runs of the group service's jobs, and what they show."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from dagster import DagsterEventType, DagsterInstance, ExecuteInProcessResult

from groups_platform.definitions import build_defs
from groups_platform.group_service import group_service
from groups_platform.group_service.models.audit import AuditRow
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.types.group import GroupCreator, GroupData
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment


@dataclass(frozen=True)
class ServiceRuns:
    """Runs of the group service's jobs in this process, as the Launchpad would start them."""

    instance: DagsterInstance
    deployment: Deployment
    resources: dict[str, Any]

    def run(self, job: str, **config: Any) -> ExecuteInProcessResult:
        """The job with this config of its op."""
        return self.execute(job, run_config={"ops": {job: {"config": config}}})

    def execute(self, job: str, **options: Any) -> ExecuteInProcessResult:
        """Any job of the definitions."""
        definition = build_defs(self.resources).resolve_job_def(job)
        return definition.execute_in_process(instance=self.instance, raise_on_error=False, **options)

    def group(self, name: str = "physics", domain: str = DOMAIN, **fields: Any) -> GroupData:
        """A new group, not made by a run."""

        async def create() -> GroupData:
            async with group_service() as service:
                creator = GroupCreator(name=name, domain_name=domain, **fields)
                created = await service.create_group(CreateGroupAction(creator))
                assert created.data, created.error
                return created.data

        return asyncio.run(create())

    def audit(self, action: str | None = None) -> list[AuditRow]:
        """The audit log in the order of time."""
        return asyncio.run(self.deployment.audit(action))

    def messages(self, result: ExecuteInProcessResult, level: int) -> list[str]:
        """What the run's log says at this level of Python's logging."""
        return [entry.user_message for entry in self.instance.all_logs(result.run_id) if entry.level == level]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of one query."""
        rows = asyncio.run(self.deployment.run(query))
        return [tuple(row) for row in rows]


def shown(result: ExecuteInProcessResult) -> dict[str, Any]:
    """The metadata of the only op's output."""
    assert result.success
    (event,) = [event for event in result.all_node_events if event.is_successful_output]
    return {name: getattr(value, "value", value) for name, value in event.step_output_data.metadata.items()}


def rows(table: Any) -> list[dict[str, Any]]:
    return [record.data for record in getattr(table, "records", ())]


def fields(table: Any) -> dict[str, Any]:
    return {row["field"]: row["value"] for row in rows(table)}


def refusal(result: ExecuteInProcessResult) -> Any:
    """The failure of the only op, as the run shows it: a sentence, a code, what to do, and no stack."""
    assert not result.success
    (event,) = [event for event in result.all_node_events if event.is_step_failure]
    assert retries(result) == 0
    failure = event.step_failure_data.user_failure_data
    sentence = f"{failure.metadata['code'].value}: {failure.description}\n"
    assert event.step_failure_data.error.to_string() == sentence
    assert failure.metadata["what_to_do"].value
    return failure


def code(result: ExecuteInProcessResult) -> str:
    """The code of a refusal."""
    return str(refusal(result).metadata["code"].value)


def retries(result: ExecuteInProcessResult) -> int:
    return sum(event.event_type is DagsterEventType.STEP_UP_FOR_RETRY for event in result.all_events)
