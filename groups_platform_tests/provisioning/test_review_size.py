"""M8 and M9 at the size of a large company: a review takes seconds, and a decision less."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import TypeVar

import pytest

from groups_platform.provisioning.review.actions.decide_review_row import DecideReviewRowAction
from groups_platform.provisioning.review.actions.finish_review import FinishReviewAction
from groups_platform.provisioning.review.actions.start_review import StartReviewAction
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment
from groups_platform_tests.provisioning.reviewed import World

Answer = TypeVar("Answer")

PROJECTS, MEMBERS, AGENTS, KERNELS = 10_000, 100_000, 100_000, 200_000
FILL = (
    "INSERT INTO directory.agents SELECT n, 'agent' || n || '@example.com', 'Agent ' || n, n % 100 > 0"
    f" FROM generate_series(1, {AGENTS}) AS n",
    "INSERT INTO directory.agent_history SELECT agent_id, 'day1', 'day10', TRUE, name, email FROM directory.agents",
    "INSERT INTO directory.agent_history SELECT agent_id, 'day10', NULL, active, name, email FROM directory.agents",
    "INSERT INTO directory.groups SELECT n, 'Team ' || n, NULL, now(), now(), n % 100 = 0"
    f" FROM generate_series(1, {PROJECTS}) AS n",
    "INSERT INTO directory.group_history SELECT group_id, 'day2', NULL, name, NULL, inactive FROM directory.groups",
    "INSERT INTO manager.users (email, domain_name)"
    f" SELECT 'agent' || n || '@example.com', '{DOMAIN}' FROM generate_series(101, {AGENTS} + 100) AS n",
    "INSERT INTO manager.groups (name, domain_name, resource_policy, integration_id, created_at)"
    f" SELECT 'project-' || n, '{DOMAIN}', 'default', 'directory:' || n, now() - INTERVAL '1 year'"
    f" FROM generate_series(1, {PROJECTS}) AS n",
    "INSERT INTO manager.association_groups_users"
    " SELECT g.id, u.uuid FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM manager.groups) AS g"
    f" JOIN (SELECT uuid, row_number() OVER (ORDER BY uuid) AS n FROM manager.users WHERE email LIKE 'agent%') AS u"
    f" ON u.n % {PROJECTS} = g.n - 1",
    "INSERT INTO manager.sessions (domain_name, group_id, user_uuid)"
    " SELECT DISTINCT ON (m.group_id) g.domain_name, m.group_id, m.user_id"
    " FROM manager.association_groups_users AS m JOIN manager.groups AS g ON g.id = m.group_id",
    "INSERT INTO manager.kernels (session_id, domain_name, group_id, user_uuid, status, created_at, terminated_at,"
    " occupied_slots) SELECT s.id, s.domain_name, s.group_id, s.user_uuid,"
    " CASE WHEN n = 1 THEN 'RUNNING' ELSE 'TERMINATED' END, now() - INTERVAL '10 days' * n,"
    """ CASE WHEN n > 1 THEN now() - INTERVAL '9 days' * n END, '{"cpu": "4", "mem": "1073741824"}'"""
    f" FROM manager.sessions AS s CROSS JOIN generate_series(1, {KERNELS // PROJECTS}) AS n",
    "ANALYZE",
)


async def timed(what: str, answer: Awaitable[Answer], most: float) -> Answer:
    began = time.perf_counter()
    result = await answer
    took = time.perf_counter() - began
    print(f"{what}: {took:.2f} s")
    assert took < most, what
    return result


@pytest.mark.slow
async def test_m8_ten_thousand_projects_are_reviewed_in_seconds(world: World) -> None:
    for statement in FILL:
        await world.deployment.run(statement)
    page = await timed("review", world.page(limit=1000), 30)
    print(dict(page.counts))
    assert page.counts.keys() >= {"inactive_group_owns_project", "inactive_agent", "not_in_directory"}
    provisioning = world.provisioning
    started = await timed("start", provisioning.start_review(StartReviewAction(DOMAIN)), 30)
    assert started.data is not None, started.error
    for number in (1, started.data.rows):
        decide = DecideReviewRowAction(f"1.{number}", "revoke", "They left.")
        decided = await timed("revoke", provisioning.decide_review_row(decide), 10)
        assert decided.success, decided.error
    finished = await timed("finish", provisioning.finish_review(FinishReviewAction(1)), 60)
    assert finished.error is not None
    assert finished.error.code == "review_open_rows"


@pytest.fixture
async def world(deployment: Deployment, group_service: object) -> World:
    world = World(deployment, group_service)  # type: ignore[arg-type]
    await world.days()
    return world
