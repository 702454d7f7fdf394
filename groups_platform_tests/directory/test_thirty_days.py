"""P10 to P12 and P16 to P19 over thirty days: held, late, corrected, incomplete and rejected ones among them.

After each day the tables, findings, plan, history and every day's past are as an independent model says. In the end the
same days in another order, and a replay, leave the same tables row by row.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from pyspark.sql import SparkSession

from groups_platform.directory.replay import ReplayResult, replay_days
from groups_platform.errors import IncompleteSnapshot
from groups_platform_tests import oracle
from groups_platform_tests.conftest import NewDatabase
from groups_platform_tests.course import GRACE, Delivery, compare_history, run_course, sync
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.directory.test_histories import compare
from groups_platform_tests.directory.test_replay import state
from groups_platform_tests.pipeline import Pipeline
from groups_platform_tests.staged_by_hand import fold_by_hand
from groups_platform_tests.thirty_days import as_of, fold

FAST_SEEDS = (1, 2)
SLOW_SEEDS = (3, 4)
LAKE_SEEDS = (101,)
DAYS, FEW_DAYS = 30, 10

NO_SPARK = cast(SparkSession, None)  # of a pipeline whose days are staged by hand


@dataclass(frozen=True)
class Folder:
    """How the content that counts is applied and folded: staged by hand, or from Spark's lake."""

    deliveries: Mapping[str, Delivery]
    pipeline: Pipeline | None = None

    def at(self, url: str) -> Pipeline:
        return replace(self.pipeline, url=url) if self.pipeline else Pipeline(NO_SPARK, url, "", "")

    def load(self, url: str, label: str) -> None:
        """Apply a day, or leave it out as late or incomplete."""
        if self.pipeline:
            with suppress(IncompleteSnapshot):
                self.at(url).load(label, protection=GRACE)
        else:
            sync(url, self.deliveries[label], GRACE)

    def replay(self, url: str) -> ReplayResult:
        pipeline = self.at(url)
        with pytest.MonkeyPatch.context() as patch:
            if not self.pipeline:
                folders = {label: delivery.folder for label, delivery in self.deliveries.items()}
                fold_by_hand(patch, lambda _, label: folders.get(label))  # what was refused is nowhere
            return replay_days(pipeline.spark, pipeline.lake, url, GRACE)


def in_order(deliveries: Mapping[str, Delivery]) -> dict[str, Delivery]:
    return {label: deliveries[label] for label in sorted(deliveries, key=oracle.natural_order)}


def shuffled(deliveries: Mapping[str, Delivery], rng: random.Random) -> list[str]:
    """Another order. A day without a roster that comes first is refused then, and in the fold all the same."""
    labels = [*deliveries]
    rng.shuffle(labels)
    return labels


def check_any_order(folder: Folder, new_database: NewDatabase, rng: random.Random, course_url: str | None) -> None:
    """P18: the right order, another one, and the course end the same after a replay; then the course goes on."""
    folders = {label: delivery.folder for label, delivery in folder.deliveries.items()}
    folded = fold(folders, GRACE.grace_days)
    applied = [*folded.live]
    with new_database() as url, new_database() as other_url:
        for label in folders:
            folder.load(url, label)
        compare(url, folded.model)
        compare_history(url, folded.live, applied)
        expected = state(folder.at(url))
        before = folder.at(url).row_versions()
        again = folder.replay(url)
        assert (again.days, again.rows_written, again.plan.is_empty) == (tuple(applied), 0, True)
        assert folder.at(url).row_versions() == before

        for label in shuffled(folder.deliveries, rng):
            folder.load(other_url, label)
        assert set(applied) <= set(folder.replay(other_url).days)
        assert_same(state(folder.at(other_url)), expected)
        assert folder.replay(other_url).rows_written == 0
    if course_url:
        next_day = Delivery("day99", folder.deliveries[applied[-1]].source / "next")
        write_day(next_day.folder, [group(1, [1000, 1001]), group(2, [1990], parent=1)], [agent(1001), agent(1990)])
        result = folder.replay(course_url)
        assert set(applied) <= set(result.days) <= set(folders)
        of_the_fold = {row for row in state(folder.at(course_url))["findings"] if row[0] in folders}
        assert of_the_fold == set(expected["findings"])
        assert_same({**state(folder.at(course_url)), "findings": []}, {**expected, "findings": []})
        assert folder.replay(course_url).rows_written == 0
        sync(course_url, next_day, GRACE)
        folded.model.sync(next_day.folder, next_day.label)
        compare(course_url, folded.model)
        compare_history(course_url, {**folded.live, next_day.label: as_of(folded.model)}, [*applied, next_day.label])


def assert_same(stored: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Say only which rows differ."""
    for table, wanted in expected.items():
        found = Counter(map(repr, stored[table]))
        assert (found - Counter(map(repr, wanted)), Counter(map(repr, wanted)) - found) == (Counter(), Counter()), table


@pytest.mark.parametrize("seed", [*FAST_SEEDS, *(pytest.param(seed, marks=pytest.mark.slow) for seed in SLOW_SEEDS)])
def test_p10_to_p19_every_day_of_thirty(database_url: str, tmp_path: Path, seed: int) -> None:
    course = run_course(database_url, tmp_path, seed, DAYS)
    assert course.seen["applied"] >= DAYS / 3
    assert min(course.seen[kind] for kind in ("held", "late", "corrected", "ended")) > 0


@pytest.mark.parametrize(
    ("seed", "days"),
    [(FAST_SEEDS[0], FEW_DAYS), *(pytest.param(s, DAYS, marks=pytest.mark.slow) for s in SLOW_SEEDS)],
)
def test_p18_any_order_of_the_days_and_a_replay(
    database_url: str, new_database: NewDatabase, tmp_path: Path, seed: int, days: int
) -> None:
    course = run_course(database_url, tmp_path, seed, days)
    check_any_order(Folder(in_order(course.counts)), new_database, course.rng, database_url)


@pytest.mark.slow
@pytest.mark.parametrize("seed", LAKE_SEEDS)
def test_p18_thirty_days_from_the_lake_in_any_order(
    pipeline: Pipeline, new_database: NewDatabase, tmp_path: Path, seed: int
) -> None:
    course = run_course(pipeline.url, tmp_path, seed, DAYS)
    for label, delivery in course.counts.items():
        pipeline.fill_lake(label, delivery.source)
    check_any_order(Folder(in_order(course.counts), pipeline), new_database, course.rng, None)
