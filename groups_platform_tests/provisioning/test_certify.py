"""M9: a review is frozen, decided row by row, and becomes a record."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from groups_platform.group_service.errors import DatabaseError, InvalidAPIParameters
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction
from groups_platform.group_service.services.group.actions.purge_group import PurgeGroupAction
from groups_platform.group_service.services.group.gate import Gate
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types.group import GroupData
from groups_platform.group_service.types.user import Actor
from groups_platform.provisioning.review.actions.decide_review_row import DecideReviewRowAction
from groups_platform.provisioning.review.actions.finish_review import FinishReviewAction
from groups_platform.provisioning.review.actions.get_review import GetReviewAction
from groups_platform.provisioning.review.actions.list_reviews import ListReviewsAction
from groups_platform.provisioning.review.actions.start_review import StartReviewAction
from groups_platform.provisioning.review.record import digest_of
from groups_platform.provisioning.review.types import Decision, Review, ReviewRow
from groups_platform.provisioning.service import ProvisioningService
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment
from groups_platform_tests.provisioning.reviewed import World

WHY = "Ada has asked the team."


class Reviews:
    """Reviews by an actor; an error is returned as its code."""

    def __init__(self, world: World, actor: Actor | None = None) -> None:
        service = world.service if actor is None else world.service.acting_as(actor)
        # with a gate of its own, as in a process of its own
        self.service = ProvisioningService(replace(service.processor, gate=Gate()))

    async def start(self, domain: str = DOMAIN) -> Review | str:
        return _code_or_data(await self.service.start_review(StartReviewAction(domain)))

    async def decide(self, row: str, decision: str, reason: str = WHY) -> ReviewRow | str:
        return _code_or_data(await self.service.decide_review_row(DecideReviewRowAction(row, decision, reason)))

    async def finish(self, review: int = 1) -> Review | str:
        return _code_or_data(await self.service.finish_review(FinishReviewAction(review)))

    async def rows(self, review: int = 1, **asked: Any) -> Any:
        result = await self.service.get_review(GetReviewAction(review, **asked))
        return result.data.rows if result.data else result.error and result.error.code

    async def listed(self, **asked: Any) -> Any:
        result = await self.service.list_reviews(ListReviewsAction(**asked))
        return result.data.reviews if result.data else result.error and result.error.code


def _code_or_data(result: Any) -> Any:
    return result.data if result.error is None else result.error.code


@pytest.fixture
async def world(deployment: Deployment, group_service: GroupService) -> World:
    """A project `winter` with the active Ada, Bo, who has left, and Eve, who is in no directory; and `empty`."""
    world = World(deployment, group_service)
    await world.days()
    await world.agent(1, "ada@example.com")
    await world.agent(2, "bo@example.com", True, True, True, False)
    people = [await world.user(f"{name}@example.com") for name in ("ada", "bo", "eve")]
    await world.project("winter", *people)
    await world.project("empty")
    await world.project("elsewhere", domain=OTHER_DOMAIN)
    return world


@pytest.fixture
def reviews(world: World) -> Reviews:
    return Reviews(world, world.deployment.admin)


async def members(world: World, group: str) -> set[str]:
    rows = await world.deployment.run(
        "SELECT u.email FROM manager.users AS u JOIN manager.association_groups_users AS m ON m.user_id = u.uuid"
        " JOIN manager.groups AS g ON g.id = m.group_id WHERE g.name = :group",
        group=group,
    )
    return {email for (email,) in rows}


async def is_live(world: World, group: str) -> bool:
    ((live,),) = await world.deployment.run("SELECT is_active FROM manager.groups WHERE name = :group", group=group)
    return bool(live)


async def test_m9_a_review_freezes_what_is_found_then(world: World, reviews: Reviews) -> None:
    live = (await world.page(domain_name=DOMAIN)).rows
    review = await reviews.start()
    assert isinstance(review, Review)
    assert (review.id, review.rows, review.open, review.sync_day, review.state) == (1, 3, 3, "day11", "3 open")
    assert review.started_by == "admin@example.com"
    await world.project("later")
    rows = await reviews.rows()
    assert [(row.row, row.kind.value, row.project_name, row.email) for row in rows] == [
        ("1.1", "no_active_member", "empty", None),
        ("1.2", "inactive_agent", "winter", "bo@example.com"),
        ("1.3", "not_in_directory", "winter", "eve@example.com"),
    ]
    frozen = [{name: value for name, value in row.to_json().items() if name in live[0].to_json()} for row in rows]
    assert frozen == [row.to_json() for row in live]
    assert all(row.decision is None for row in rows)
    assert await reviews.start() == "review_under_way"
    assert isinstance(await Reviews(world).start(OTHER_DOMAIN), Review), "another domain has its own"


async def test_m9_revoking_acts_through_the_service_in_one_transaction(world: World, reviews: Reviews) -> None:
    await reviews.start()
    person = await reviews.decide("1.2", "revoke", f"  {WHY} ")
    project = await reviews.decide("1.1", "revoke")
    assert isinstance(person, ReviewRow)
    assert isinstance(project, ReviewRow)
    assert (person.decision, person.reason, person.decided_by) == (Decision.REVOKE, WHY, "admin@example.com")
    assert person.effect == "the person was removed from the project"
    assert project.effect == "the project was deleted"
    assert await members(world, "winter") == {"ada@example.com", "eve@example.com"}
    assert not await is_live(world, "empty")
    log = {entry.action_id: entry for entry in await world.deployment.audit()}
    assert person.action_id is not None
    assert person.effect_action_id is not None
    decided, done = log[person.action_id], log[person.effect_action_id]
    assert (decided.action, decided.entity_type, decided.entity_id, decided.domain_name) == (
        "decide_review_row", "access_review", "1", DOMAIN
    )  # fmt: skip
    assert decided.after is not None
    assert (decided.after["row"], decided.after["decision"], decided.after["reason"]) == ("1.2", "revoke", WHY)
    assert (done.action, done.entity_name, done.actor, done.status.value) == (
        "modify_group", "winter", "admin@example.com", "success"
    )  # fmt: skip
    assert project.effect_action_id is not None
    assert log[project.effect_action_id].action == "delete_group"


async def test_m9_keeping_changes_nothing(world: World, reviews: Reviews) -> None:
    await reviews.start()
    kept = await reviews.decide("1.2", "keep")
    assert isinstance(kept, ReviewRow)
    assert (kept.decision, kept.effect, kept.effect_action_id) == (Decision.KEEP, "", None)
    assert await members(world, "winter") == {"ada@example.com", "bo@example.com", "eve@example.com"}
    assert [row.row for row in await reviews.rows(only_open=True)] == ["1.1", "1.3"]


@pytest.mark.parametrize("decision", ["keep", "revoke"])
async def test_m9_what_is_not_so_any_more_is_gone(world: World, reviews: Reviews, decision: str) -> None:
    await reviews.start()
    await world.deployment.run("UPDATE directory.agents SET active = TRUE WHERE agent_id = 2")
    await world.change((await world.page()).rows[-1].project_id, "remove", await eve(world))
    for row in ("1.2", "1.3"):
        gone = await reviews.decide(row, decision)
        assert isinstance(gone, ReviewRow)
        assert (gone.decision, gone.effect_action_id) == (Decision.GONE, None)
    assert "bo@example.com" in await members(world, "winter")


async def eve(world: World) -> UUID:
    ((user_id,),) = await world.deployment.run("SELECT uuid FROM manager.users WHERE email = 'eve@example.com'")
    return UUID(str(user_id))


@pytest.mark.parametrize("how", ["purged", "moved"])
async def test_m9_a_project_that_left_the_domain_is_gone(world: World, reviews: Reviews, how: str) -> None:
    await reviews.start()
    (row, *_) = await reviews.rows()
    if how == "purged":
        assert (await world.service.purge_group(PurgeGroupAction(row.project_id))).success
    else:
        await world.deployment.run("UPDATE manager.groups SET domain_name = :to WHERE name = 'empty'", to=OTHER_DOMAIN)
    gone = await reviews.decide("1.1", "revoke")
    assert isinstance(gone, ReviewRow)
    assert gone.decision is Decision.GONE


async def test_m9_kernels_are_not_stopped_and_the_record_says_so(world: World, reviews: Reviews) -> None:
    project = await _project(world, "winter")
    bo = ((await world.deployment.run("SELECT uuid FROM manager.users WHERE email = 'bo@example.com'"))[0])[0]
    kernel = await world.deployment.kernel(project)
    await world.deployment.run("UPDATE manager.kernels SET user_uuid = :bo WHERE id = :id", bo=bo, id=kernel.id)
    await reviews.start()
    by_kind = {row.kind.value: row.row for row in await reviews.rows()}
    revoked = await reviews.decide(by_kind["running_kernels"], "revoke")
    assert isinstance(revoked, ReviewRow)
    still = "1 kernel runs on: end it where sessions are managed"
    assert revoked.effect == f"the person was removed from the project; {still}"
    assert "bo@example.com" not in await members(world, "winter")
    gone = await reviews.decide(by_kind["inactive_agent"], "revoke")
    assert isinstance(gone, ReviewRow)
    assert gone.decision is Decision.GONE
    assert isinstance(await Reviews(world).start(OTHER_DOMAIN), Review)


async def _project(world: World, name: str) -> GroupData:
    found = await world.service.get_group(GetGroupAction(f"{DOMAIN}/{name}"))
    assert found.data is not None
    return found.data


async def test_m9_a_review_is_finished_when_every_row_is_decided(world: World, reviews: Reviews) -> None:
    await reviews.start()
    result = await reviews.service.finish_review(FinishReviewAction(1))
    assert result.error is not None
    assert result.error.code == "review_open_rows"
    assert (result.error.facts["open"], result.error.facts["rows"]) == (3, ("1.1", "1.2", "1.3"))
    await reviews.decide("1.1", "revoke")
    await reviews.decide("1.2", "keep")
    await world.change((await _project(world, "winter")).id, "remove", await eve(world))
    finished = await reviews.finish()
    assert isinstance(finished, Review)
    assert (finished.kept, finished.revoked, finished.gone, finished.open) == (1, 1, 1, 0)
    assert (finished.finished_by, finished.state) == ("admin@example.com", "finished")
    for late in (await reviews.finish(), await reviews.decide("1.2", "revoke"), await reviews.decide("1.1", "keep")):
        assert late == "review_finished"
    (listed,) = await reviews.listed()
    assert listed == finished
    again = await reviews.start()
    assert isinstance(again, Review)
    assert (again.id, again.rows) == (2, 1), "what was kept is found again"


async def test_m9_the_digest_is_of_the_record_as_it_is_read(world: World, reviews: Reviews) -> None:
    await reviews.start()
    for row, decision in (("1.1", "revoke"), ("1.2", "keep"), ("1.3", "keep")):
        await reviews.decide(row, decision, "Sí, «todavía» 🧊")
    finished = await reviews.finish()
    assert isinstance(finished, Review)
    rows = await reviews.rows()
    record = json.loads(json.dumps({"review": finished.to_json(), "rows": [row.to_json() for row in rows]}))
    assert digest_of(record) == finished.digest
    record["rows"][1]["reason"] = "Sí"
    assert digest_of(record) != finished.digest


async def test_m9_a_review_that_finds_nothing_is_evidence_too(world: World) -> None:
    await world.deployment.run("INSERT INTO manager.domains VALUES ('quiet')")
    reviews = Reviews(world)
    started = await reviews.start("quiet")
    assert isinstance(started, Review)
    assert started.rows == 0
    finished = await reviews.finish()
    assert isinstance(finished, Review)
    assert finished.digest == digest_of({"review": finished.to_json(), "rows": []})


TABLES = ("access_reviews", "access_review_rows", "access_review_decisions", "access_review_ends")
ROW_MORE = """
INSERT INTO manager.access_review_rows
    (review_id, number, kind, project_id, project_name, detail, kernels, cpu, mem, gpu, folders)
SELECT review_id, 9, kind, project_id, project_name, detail, 0, 0, 0, 0, 0 FROM manager.access_review_rows LIMIT 1
"""


async def test_m9_postgres_refuses_to_change_a_record(world: World, reviews: Reviews) -> None:
    await reviews.start()
    with pytest.raises(DBAPIError, match="takes no further rows"):
        await world.deployment.run(ROW_MORE)
    for row in ("1.1", "1.2", "1.3"):
        await reviews.decide(row, "keep")
    await reviews.finish()
    for table in TABLES:
        for statement in (f"UPDATE manager.{table} SET review_id = 9", f"DELETE FROM manager.{table}"):
            with pytest.raises(DBAPIError, match=r"append-only|identity|GENERATED ALWAYS"):
                await world.deployment.run(statement)
        with pytest.raises(DBAPIError, match="append-only"):
            await world.deployment.run(f"TRUNCATE manager.{table} CASCADE")


async def test_m9_postgres_takes_no_decision_after_the_end(world: World, reviews: Reviews) -> None:
    await reviews.start()
    await world.deployment.run("INSERT INTO manager.access_review_ends VALUES (1, 'digest', NULL, 'somebody', now())")
    with pytest.raises(DBAPIError, match="no further rows"):
        await world.deployment.run(
            "INSERT INTO manager.access_review_decisions VALUES (1, 1, 'keep', 'x', '', NULL, 'x', now(), NULL, NULL)"
        )


async def test_m9_of_two_admins_who_decide_a_row_at_once_one_wins(world: World) -> None:
    deployment = world.deployment
    await Reviews(world).start()
    deciders = [Reviews(world, actor) for actor in (deployment.admin, deployment.superadmin)]
    for row in ("1.1", "1.2", "1.3"):
        outcomes = await asyncio.gather(deciders[0].decide(row, "revoke"), deciders[1].decide(row, "keep"))
        (winner,) = [outcome for outcome in outcomes if isinstance(outcome, ReviewRow)]
        assert [outcome for outcome in outcomes if outcome != winner] == ["already_decided"]
        assert (await Reviews(world).rows())[int(row[-1]) - 1] == winner
    done = [entry for entry in await deployment.audit() if entry.action in ("modify_group", "delete_group")]
    revoked = [row for row in await Reviews(world).rows() if row.decision is Decision.REVOKE]
    assert {row.effect_action_id for row in revoked} <= {entry.action_id for entry in done}


async def test_m9_who_repeats_a_decision_gets_what_was_decided(world: World, reviews: Reviews) -> None:
    await reviews.start()
    first = await reviews.decide("1.2", "revoke")
    assert await reviews.decide("1.2", "revoke") == first
    assert await reviews.decide("1.2", "revoke", "Another reason.") == "already_decided"
    assert await reviews.decide("1.2", "keep") == "already_decided"
    assert await Reviews(world, world.deployment.superadmin).decide("1.2", "revoke") == "already_decided"


BREAK = """
CREATE FUNCTION break_it() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the server stops here';
END
$$
"""


async def test_m9_what_breaks_in_between_leaves_nothing_and_is_completed_by_repeating(
    world: World, reviews: Reviews
) -> None:
    await reviews.start()
    before = [entry.action for entry in await world.deployment.audit()].count("modify_group")
    await world.deployment.run(BREAK)
    await world.deployment.run(
        "CREATE TRIGGER breaks AFTER INSERT ON manager.access_review_decisions"
        " FOR EACH STATEMENT EXECUTE FUNCTION break_it()"
    )
    with pytest.raises(DatabaseError):
        await reviews.decide("1.2", "revoke")
    assert "bo@example.com" in await members(world, "winter"), "removed and stored at once, or neither"
    assert len(await reviews.rows(only_open=True)) == 3
    assert [entry.action for entry in await world.deployment.audit()].count("modify_group") == before
    await world.deployment.run("DROP TRIGGER breaks ON manager.access_review_decisions")
    revoked = await reviews.decide("1.2", "revoke")
    assert isinstance(revoked, ReviewRow)
    assert "bo@example.com" not in await members(world, "winter")


async def test_m9_who_may_do_what(world: World) -> None:
    deployment = world.deployment
    await Reviews(world).start()
    for actor in (deployment.user, deployment.monitor, deployment.other_admin, deployment.other_user):
        other = Reviews(world, actor)
        refused = [await other.decide("1.1", "keep"), await other.finish(), await other.rows(), await other.start()]
        assert refused == ["forbidden"] * 4
    for actor in (deployment.user, deployment.monitor):
        assert await Reviews(world, actor).listed() == "forbidden"
    other = Reviews(world, deployment.other_admin)
    assert await other.listed() == ()
    assert await other.listed(domain_name=DOMAIN) == "forbidden"
    assert await other.rows(404) == "forbidden", "like one that is there"
    assert await Reviews(world).rows(404) == "unknown_review"
    assert await Reviews(world).decide("1.404", "keep") == "unknown_review"
    assert await Reviews(world).start("nowhere") == "unknown_domain"
    for actor in (deployment.admin, deployment.superadmin):
        assert len(await Reviews(world, actor).listed()) == 1
    assert isinstance(await Reviews(world, deployment.superadmin).decide("1.1", "keep"), ReviewRow)


async def test_m9_nobody_decides_about_themselves(world: World) -> None:
    deployment = world.deployment
    assert deployment.admin.id is not None
    await world.change((await _project(world, "winter")).id, "add", deployment.admin.id)
    await Reviews(world).start()
    (own,) = [row.row for row in await Reviews(world).rows() if row.email == deployment.admin.name]
    for decision in ("keep", "revoke"):
        assert await Reviews(world, deployment.admin).decide(own, decision) == "own_review_row"
    assert (await deployment.audit("decide_review_row"))[-1].status.value == "denied"
    assert isinstance(await Reviews(world, deployment.superadmin).decide(own, "keep"), ReviewRow)


async def test_m9_what_is_no_row_is_refused(reviews: Reviews) -> None:
    for row in ("", "1", "1.", ".1", "1.2.3", "0.1", "1.0", "-1.1", "1.99999999999999999999", "\uff11.1"):
        assert await reviews.decide(row, "keep") == "invalid_value", row


async def test_m9_wrong_input_is_refused(reviews: Reviews) -> None:
    await reviews.start()
    for reason in ("", "  ", "x" * 1001):
        assert await reviews.decide("1.1", "keep", reason) == "invalid_value"
    with pytest.raises(InvalidAPIParameters):
        await reviews.decide("1.1", "gone")
    for asked in ({"cursor": "x"}, {"limit": 0}):
        with pytest.raises(InvalidAPIParameters):
            await reviews.rows(**asked)
        with pytest.raises(InvalidAPIParameters):
            await reviews.listed(**asked)


async def test_m9_rows_and_reviews_come_in_pages(world: World, reviews: Reviews) -> None:
    await reviews.start()
    first = (await reviews.service.get_review(GetReviewAction(1, limit=2))).data
    assert first is not None
    assert ([row.row for row in first.rows], first.next_cursor) == (["1.1", "1.2"], "2")
    rest = (await reviews.service.get_review(GetReviewAction(1, limit=2, cursor="2"))).data
    assert rest is not None
    assert ([row.row for row in rest.rows], rest.next_cursor) == (["1.3"], None)
    await Reviews(world).start(OTHER_DOMAIN)
    page = (await Reviews(world).service.list_reviews(ListReviewsAction(limit=1))).data
    assert page is not None
    assert ([review.id for review in page.reviews], page.next_cursor) == ([2], "2")
    page = (await Reviews(world).service.list_reviews(ListReviewsAction(limit=1, cursor="2"))).data
    assert page is not None
    assert ([review.id for review in page.reviews], page.next_cursor) == ([1], None)


async def test_m9_a_deleted_project_takes_its_other_rows_along(world: World, reviews: Reviews) -> None:
    project = await _project(world, "winter")
    await reviews.start()
    assert (await world.service.delete_group(DeleteGroupAction(project.id))).success
    await reviews.decide("1.1", "keep")
    finished = await reviews.finish()
    assert isinstance(finished, Review)
    assert (finished.kept, finished.gone) == (1, 2)


async def test_m9_starting_twice_at_once_starts_one(world: World) -> None:
    outcomes = await asyncio.gather(*(Reviews(world).start() for _ in range(3)))
    assert sorted(str(getattr(outcome, "id", outcome)) for outcome in outcomes) == ["1", *["review_under_way"] * 2]


async def test_m9_a_decision_and_the_end_do_not_overlap(world: World, reviews: Reviews) -> None:
    await reviews.start()
    for row in ("1.1", "1.2"):
        await reviews.decide(row, "keep")
    decided, finished = await asyncio.gather(reviews.decide("1.3", "keep"), Reviews(world).finish())
    assert isinstance(decided, ReviewRow)
    if finished == "review_open_rows":
        finished = await reviews.finish()
    assert isinstance(finished, Review)
    record = {"review": finished.to_json(), "rows": [row.to_json() for row in await reviews.rows()]}
    assert digest_of(record) == finished.digest
    assert replace(finished, digest=None) != finished
