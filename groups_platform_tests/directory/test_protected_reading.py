"""P1 to P8: deliveries that look right and are not, through Spark to the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from groups_platform_tests.days import Record, agent, group, write_day
from groups_platform_tests.pipeline import Pipeline

pytestmark = pytest.mark.engines

AGENTS = [agent(11), agent(12), agent(13), agent(14)]


def without_members(group_id: int, **fields: object) -> Record:
    record = group(group_id, **fields)
    del record["agent_ids"]
    return record


def deliver(pipeline: Pipeline, label: str, groups: list[Record], agents: list[Record] | None = None) -> None:
    write_day(Path(pipeline.source) / f"sync-{label}", groups, agents)
    pipeline.sync(label)


def test_p4_a_renamed_key_empties_no_group(pipeline: Pipeline) -> None:
    deliver(pipeline, "day1", [group(1, [11]), group(2, [11, 12]), group(3, [13, 99]), group(4, [14])], AGENTS)
    renamed = [without_members(2, members=[11, 12]), without_members(3, name="other"), without_members(5)]
    deliver(pipeline, "day2", [group(1, []), *renamed, group(4, None)], AGENTS)
    assert pipeline.codes("day2") == {"members_not_said": 3, "orphan_membership": 1}
    assert {group_id: pipeline.members(group_id) for group_id in range(1, 6)} == {
        1: set(), 2: {11, 12}, 3: {13}, 4: set(), 5: set()
    }  # fmt: skip
    assert pipeline.inactive() == {1, 4, 5}
    assert pipeline.load("day2").rows_written == 0
    deliver(pipeline, "day3", [without_members(3)], [*AGENTS, agent(99)])
    assert pipeline.members(3) == {13, 99}, "what waited for its agent waits on"
    deliver(pipeline, "day4", [group(3, [13])], AGENTS)
    assert pipeline.members(3) == {13}
