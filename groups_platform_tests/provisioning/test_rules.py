"""Rules (M1): which directory groups have a project, and what their projects are."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest

from groups_platform.group_service.errors import InvalidAPIParameters, InvalidValue
from groups_platform.group_service.models.domain import DomainRow
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction
from groups_platform.group_service.services.group.service import GroupService
from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.action import ActionError, BaseActionResult
from groups_platform.group_service.types.group import GroupCreator
from groups_platform.provisioning.actions.create_rule import CreateRuleAction
from groups_platform.provisioning.actions.delete_rule import DeleteRuleAction
from groups_platform.provisioning.actions.list_rules import ListRulesAction
from groups_platform.provisioning.actions.modify_rule import ModifyRuleAction
from groups_platform.provisioning.errors import InvalidNameTemplate
from groups_platform.provisioning.models import RuleRow
from groups_platform.provisioning.service import ProvisioningService
from groups_platform.provisioning.types import (
    MembersOf,
    RuleCreator,
    RuleData,
    RuleFilter,
    RuleModifier,
    RulePage,
    check_name_template,
    parse_rule,
)
from groups_platform_tests.group_service.deployment import DOMAIN, OTHER_DOMAIN, Deployment
from groups_platform_tests.provisioning.conftest import DirectoryGroup

up = OptionalState.update


def creator(directory_group_id: int, **fields: Any) -> CreateRuleAction:
    return CreateRuleAction(RuleCreator(directory_group_id, **{"domain_name": DOMAIN, **fields}))


def made(result: BaseActionResult[RuleData]) -> RuleData:
    assert result.data is not None, result.error
    return result.data


def refused(result: BaseActionResult[Any]) -> ActionError:
    assert result.error is not None
    assert (result.success, result.data) == (False, None)
    return result.error


async def claims(deployment: Deployment) -> set[tuple[UUID, int]]:
    return {(row.rule_id, row.group_id) for row in await deployment.run("SELECT * FROM manager.claims()")}


@pytest.fixture
async def tree(directory_group: DirectoryGroup) -> None:
    """1 above 2 above 3; 2 above 4; 5 alone; 6 and 7 above each other."""
    for group_id, above in ((1, None), (2, 1), (3, 2), (4, 2), (5, None), (6, 7), (7, 6)):
        await directory_group(group_id, f"Team {group_id}", above)


# Creating


async def test_m1_a_rule_is_made_as_it_is_given(
    provisioning: ProvisioningService, deployment: Deployment, directory_group: DirectoryGroup
) -> None:
    await directory_group(42, "Winter tyres")
    result = await provisioning.create_rule(
        creator(42, with_groups_below=True, resource_policy="development-policy", name_template="{name}-{id}",
                total_resource_slots={"cpu": "4", "mem": "8g"}, members_of="below", is_exact=True)
    )  # fmt: skip
    rule = made(result)
    assert (rule.directory_group_id, rule.directory_group_name, rule.with_groups_below) == (42, "Winter tyres", True)
    assert (rule.domain_name, rule.resource_policy, rule.name_template) == (DOMAIN, "development-policy", "{name}-{id}")
    assert rule.total_resource_slots == {"cpu": 4, "mem": 8 * 2**30}
    assert (rule.members_of, rule.is_exact) == (MembersOf.BELOW, True)
    assert rule.created_at == rule.modified_at
    assert result.entity_id() == str(rule.id)
    (row,) = await deployment.audit("create_rule")
    assert (row.entity_type, row.entity_id, row.entity_name) == ("rule", str(rule.id), "directory:42")
    assert (row.domain_name, row.before, row.after) == (DOMAIN, None, rule.to_json())


@pytest.mark.usefixtures("tree")
async def test_m1_a_rule_that_says_little_is_for_the_group_alone(provisioning: ProvisioningService) -> None:
    rule = made(await provisioning.create_rule(creator(2)))
    assert (rule.with_groups_below, rule.name_template, rule.resource_policy) == (False, "{name}", "default")
    assert (rule.members_of, rule.is_exact, rule.total_resource_slots) == (MembersOf.DIRECT, False, {})


WRONG: list[tuple[dict[str, Any], str, dict[str, Any]]] = [
    ({"directory_group_id": 99}, "unknown_directory_group", {"directory_group_id": 99}),
    ({"directory_group_id": -(2**63)}, "unknown_directory_group", {"directory_group_id": -(2**63)}),
    ({"domain_name": "nowhere"}, "unknown_domain", {"domain_name": "nowhere"}),
    ({"domain_name": "closed.example"}, "inactive_domain", {"domain_name": "closed.example"}),
    ({"resource_policy": "none"}, "unknown_resource_policy", {"resource_policy": "none"}),
    ({"total_resource_slots": {"cpu": "much"}}, "invalid_value", {"slot": "cpu"}),
    ({"total_resource_slots": {"cpu": -1}}, "invalid_value", {"slot": "cpu"}),
    ({"members_of": "above"}, "invalid_value", {"field": "members_of"}),
    ({"name_template": "{who}"}, "invalid_name_template", {"name_template": "{who}"}),
    ({"directory_group_id": True}, "invalid_value", {"field": "input.directory_group_id"}),
    ({"directory_group_id": "5"}, "invalid_value", {"field": "input.directory_group_id"}),
    ({"directory_group_id": 2**63}, "invalid_value", {"field": "input.directory_group_id"}),
    ({"is_exact": "yes"}, "invalid_value", {"field": "input.is_exact"}),
    ({"domain_name": "x\0"}, "invalid_value", {"field": "input.domain_name"}),
]


@pytest.mark.usefixtures("tree")
async def test_m1_what_is_wrong_with_a_rule_is_said_and_nothing_is_stored(
    provisioning: ProvisioningService, deployment: Deployment
) -> None:
    await deployment.add(DomainRow(name="closed.example", is_active=False))
    for fields, code, facts in WRONG:
        error = refused(await provisioning.create_rule(creator(**{"directory_group_id": 5, **fields})))
        assert error.code == code
        assert facts.items() <= error.facts.items()
        row = (await deployment.audit("create_rule"))[-1]
        assert (row.status, row.error_code, row.entity_type) == ("failure", code, "rule")
    assert len(await deployment.audit("create_rule")) == len(WRONG)
    assert await deployment.count(RuleRow) == 0


@pytest.mark.parametrize(
    "template",
    ["{name}", "{id}", "team-{name}", "{name}.{id}", "{name}{name}", "Équipe_{id}", "x" * 44 + "{id}", "ф{name}"],
)
def test_m1_a_template_of_names(template: str) -> None:
    assert check_name_template(template, with_groups_below=True) == template


def test_m1_a_template_is_stored_composed() -> None:
    assert check_name_template("e\u0301-{id}", with_groups_below=False) == "é-{id}"


@pytest.mark.parametrize(
    "template",
    ["", " ", "{}", "{0}", "{name", "name}", "{{name}}", "{name!r}", "{name:>9}", "{name.x}", "{NAME}", "team {name}",
     "a/{name}", "-{name}", "{name}-", "{name}\n", "x" * 65, "x" * 45 + "{id}", "{id}{id}{id}{id}", "\u0301{name}",
     "{name}\u202e", "x" * 1_000_000, "{name}" * 1000, "{name}\U0001f600"],
    ids=lambda text: repr(text[:20]),
)  # fmt: skip
def test_m1_a_template_that_makes_no_names(template: str) -> None:
    with pytest.raises(InvalidNameTemplate) as error:
        check_name_template(template, with_groups_below=False)
    assert len(str(error.value)) < 400


@pytest.mark.usefixtures("tree")
async def test_m1_only_one_group_can_have_a_fixed_name(provisioning: ProvisioningService) -> None:
    error = refused(await provisioning.create_rule(creator(1, name_template="tyres", with_groups_below=True)))
    assert error.code == "invalid_name_template"
    made(await provisioning.create_rule(creator(1, name_template="tyres")))
    widened = await provisioning.modify_rule(ModifyRuleAction(1, RuleModifier(with_groups_below=up(True))))
    assert refused(widened).code == "invalid_name_template"
    both = RuleModifier(with_groups_below=up(True), name_template=up("tyres-{id}"))
    assert made(await provisioning.modify_rule(ModifyRuleAction(1, both))).name_template == "tyres-{id}"
    fixed = RuleModifier(name_template=up("tyres"))
    assert refused(await provisioning.modify_rule(ModifyRuleAction(1, fixed))).code == "invalid_name_template"


# Claims


@pytest.mark.usefixtures("tree")
async def test_m1_a_rule_claims_its_group_or_also_those_below(
    provisioning: ProvisioningService, deployment: Deployment
) -> None:
    wide = made(await provisioning.create_rule(creator(2, with_groups_below=True)))
    narrow = made(await provisioning.create_rule(creator(1)))
    ring = made(await provisioning.create_rule(creator(6, with_groups_below=True)))
    expected = {(wide.id, 2), (wide.id, 3), (wide.id, 4), (narrow.id, 1), (ring.id, 6), (ring.id, 7)}
    assert await claims(deployment) == expected
    await deployment.run("DELETE FROM directory.groups WHERE group_id IN (1, 4)")
    assert await claims(deployment) == expected - {(narrow.id, 1), (wide.id, 4)}


@pytest.mark.usefixtures("tree")
async def test_m1_two_rules_do_not_claim_one_directory_group(
    provisioning: ProvisioningService, deployment: Deployment
) -> None:
    for first, second, taken in (
        ((2, False), (2, False), 2),
        ((2, False), (2, True), 2),
        ((2, True), (2, False), 2),
        ((1, True), (3, False), 3),
        ((3, False), (1, True), 3),
        ((2, True), (1, True), 2),
        ((1, True), (2, True), 2),
        ((6, True), (7, True), 6),
        ((6, True), (7, False), 7),
    ):
        other = made(await provisioning.create_rule(creator(first[0], with_groups_below=first[1])))
        action = creator(second[0], with_groups_below=second[1], domain_name=OTHER_DOMAIN)
        error = refused(await provisioning.create_rule(action))
        assert error.code == "directory_group_claimed"
        assert error.facts == {
            "directory_group_id": taken,
            "rule_id": str(other.id),
            "rule_directory_group_id": first[0],
            "rule_domain_name": DOMAIN,
        }
        assert f"Team {taken}" in error.message
        assert await deployment.count(RuleRow) == 1
        made(await provisioning.delete_rule(DeleteRuleAction(other.id)))


@pytest.mark.usefixtures("tree")
async def test_m1_rules_that_claim_different_groups_stand_beside_each_other(provisioning: ProvisioningService) -> None:
    for pair in (((1, False), (2, True)), ((1, False), (3, False)), ((2, True), (5, False)), ((6, False), (7, False))):
        for group_id, below in pair:
            made(await provisioning.create_rule(creator(group_id, with_groups_below=below)))
        for group_id, _ in pair:
            made(await provisioning.delete_rule(DeleteRuleAction(group_id)))


@pytest.mark.usefixtures("tree")
async def test_m1_a_rule_that_grows_takes_no_group_of_another(
    provisioning: ProvisioningService, deployment: Deployment
) -> None:
    made(await provisioning.create_rule(creator(1)))
    other = made(await provisioning.create_rule(creator(4)))
    grow = ModifyRuleAction(1, RuleModifier(with_groups_below=up(True), is_exact=up(True)))
    error = refused(await provisioning.modify_rule(grow))
    assert (error.code, error.facts["directory_group_id"]) == ("directory_group_claimed", 4)
    assert error.facts["rule_id"] == str(other.id)
    assert len(await claims(deployment)) == 2
    made(await provisioning.delete_rule(DeleteRuleAction(4)))
    assert made(await provisioning.modify_rule(grow)).with_groups_below
    assert {group_id for _, group_id in await claims(deployment)} == {1, 2, 3, 4}


@pytest.mark.usefixtures("tree")
async def test_m1_a_hierarchy_that_moves_makes_an_overlap_which_the_rules_survive(
    provisioning: ProvisioningService, deployment: Deployment
) -> None:
    wide = made(await provisioning.create_rule(creator(1, with_groups_below=True)))
    alone = made(await provisioning.create_rule(creator(5)))
    await deployment.run("UPDATE directory.groups SET parent_group_id = 3 WHERE group_id = 5")
    assert {(wide.id, 5), (alone.id, 5)} <= await claims(deployment)
    change = RuleModifier(is_exact=up(True), with_groups_below=up(True))
    assert made(await provisioning.modify_rule(ModifyRuleAction(wide.id, change))).is_exact
    narrow = RuleModifier(with_groups_below=up(False))
    assert made(await provisioning.modify_rule(ModifyRuleAction(wide.id, narrow)))
    assert await claims(deployment) == {(wide.id, 1), (alone.id, 5)}
    assert refused(await provisioning.modify_rule(ModifyRuleAction(wide.id, change))).code == "directory_group_claimed"


@pytest.mark.usefixtures("tree")
async def test_m1_twenty_make_one_rule_at_once(provisioning: ProvisioningService, deployment: Deployment) -> None:
    results = await asyncio.gather(*[provisioning.create_rule(creator(2)) for _ in range(20)])
    codes = Counter(result.error.code if result.error else "made" for result in results)
    assert codes == {"made": 1, "directory_group_claimed": 19}
    assert len(await deployment.audit("create_rule")) == 20


@pytest.mark.usefixtures("tree")
async def test_m1_of_a_rule_with_groups_below_and_one_for_a_child_at_once_one_is_made(
    provisioning: ProvisioningService, deployment: Deployment
) -> None:
    for _ in range(10):
        pair = creator(1, with_groups_below=True), creator(3)
        results = await asyncio.gather(*map(provisioning.create_rule, pair))
        assert sorted(result.error.code if result.error else "" for result in results) == [
            "",
            "directory_group_claimed",
        ]
        (rule,) = [result.data for result in results if result.data]
        made(await provisioning.delete_rule(DeleteRuleAction(rule.id)))
    assert await claims(deployment) == set()


# Modifying and deleting


@pytest.mark.usefixtures("tree")
async def test_m1_only_what_is_given_changes(provisioning: ProvisioningService, deployment: Deployment) -> None:
    before = made(await provisioning.create_rule(creator(2, total_resource_slots={"cpu": 4})))
    for rule, modifier, changed in (
        (before.id, RuleModifier(), {}),
        (2, RuleModifier(name_template=up("t-{id}")), {"name_template": "t-{id}"}),
        (2, RuleModifier(members_of=up("below")), {"members_of": "below"}),
        (2, RuleModifier(members_of=up(MembersOf.DIRECT)), {"members_of": "direct"}),
        (2, RuleModifier(resource_policy=up("development-policy")), {"resource_policy": "development-policy"}),
        (2, RuleModifier(total_resource_slots=up({"mem": "1g"})), {"total_resource_slots": {"mem": str(2**30)}}),
        (2, RuleModifier(is_exact=up(True), with_groups_below=up(True)), {"is_exact": True, "with_groups_below": True}),
    ):
        after = made(await provisioning.modify_rule(ModifyRuleAction(rule, modifier)))
        assert (after.modified_at > before.modified_at) is bool(changed)
        row = (await deployment.audit("modify_rule"))[-1]
        assert (row.entity_id, row.entity_name, row.domain_name) == (str(before.id), "directory:2", DOMAIN)
        assert {name: value for name, value in row.after.items() if name != "modified_at"} == changed
        assert row.before.keys() == row.after.keys()
        assert after.to_json() == {**before.to_json(), **changed, "modified_at": after.modified_at.isoformat()}
        before = after


@pytest.mark.usefixtures("tree")
async def test_m1_a_change_that_is_wrong_changes_nothing(
    provisioning: ProvisioningService, deployment: Deployment
) -> None:
    rule = made(await provisioning.create_rule(creator(2)))
    for modifier, code in (
        (RuleModifier(resource_policy=up("none")), "unknown_resource_policy"),
        (RuleModifier(total_resource_slots=up({"cpu": "x"})), "invalid_value"),
        (RuleModifier(members_of=up("x")), "invalid_value"),
        (RuleModifier(name_template=up("{x}")), "invalid_name_template"),
        (RuleModifier(is_exact=True), "invalid_value"),  # type: ignore[arg-type]
    ):
        assert refused(await provisioning.modify_rule(ModifyRuleAction(2, modifier))).code == code
        row = (await deployment.audit("modify_rule"))[-1]
        assert (row.status, row.error_code) == ("failure", code)
    assert (await listed(provisioning)).rules == (rule,)


@pytest.mark.usefixtures("tree")
async def test_m1_a_rule_that_is_not_there(provisioning: ProvisioningService, deployment: Deployment) -> None:
    for rule in (2, 99, UUID(int=1)):
        for result in (
            await provisioning.modify_rule(ModifyRuleAction(rule, RuleModifier())),
            await provisioning.delete_rule(DeleteRuleAction(rule)),
        ):
            error = refused(result)
            assert (error.code, error.facts) == ("unknown_rule", {"rule": str(rule)})
    assert [row.error_code for row in await deployment.audit()] == ["unknown_rule"] * 6


@pytest.mark.usefixtures("tree")
async def test_m1_a_rule_is_deleted_and_says_how_many_projects_it_leaves(
    provisioning: ProvisioningService, group_service: GroupService, deployment: Deployment
) -> None:
    rule = made(await provisioning.create_rule(creator(2)))
    for name in ("one", "two"):
        project = await group_service.create_group(CreateGroupAction(GroupCreator(name, DOMAIN)))
        assert project.data
        await deployment.run(
            "INSERT INTO manager.provisioned_projects VALUES (:project, :rule)", project=project.data.id, rule=rule.id
        )
    result = await provisioning.delete_rule(DeleteRuleAction(rule.id))
    assert result.data == rule
    assert "2 projects" in result.warnings[0]
    (row,) = await deployment.audit("delete_rule")
    assert (row.entity_id, row.before, row.after) == (str(rule.id), rule.to_json(), None)
    assert (await provisioning.delete_rule(DeleteRuleAction(rule.id))).error
    again = made(await provisioning.create_rule(creator(2)))
    assert (await provisioning.delete_rule(DeleteRuleAction(again.id))).warnings == ()


@pytest.mark.usefixtures("tree")
async def test_m1_a_rule_outlives_its_directory_group_and_its_policy(
    provisioning: ProvisioningService, deployment: Deployment
) -> None:
    rule = made(await provisioning.create_rule(creator(5, resource_policy="development-policy")))
    await deployment.run("DELETE FROM directory.groups WHERE group_id = 5")
    await deployment.run("DELETE FROM manager.project_resource_policies WHERE name = 'development-policy'")
    change = ModifyRuleAction(rule.id, RuleModifier(is_exact=up(True), with_groups_below=up(True)))
    changed = made(await provisioning.modify_rule(change))
    assert (changed.directory_group_name, changed.is_exact) == (None, True)
    assert made(await provisioning.delete_rule(DeleteRuleAction(5))).id == rule.id


# Listing


async def listed(provisioning: ProvisioningService, wanted: RuleFilter | None = None, **page: Any) -> RulePage:
    result = await provisioning.list_rules(ListRulesAction(wanted or RuleFilter(), **page))
    assert result.data is not None, result.error
    return result.data


@pytest.mark.usefixtures("tree")
async def test_m1_rules_are_listed_by_domain_and_group_in_pages(provisioning: ProvisioningService) -> None:
    for group_id, domain in ((5, DOMAIN), (1, OTHER_DOMAIN), (3, DOMAIN), (6, DOMAIN)):
        made(await provisioning.create_rule(creator(group_id, domain_name=domain)))
    assert [rule.directory_group_id for rule in (await listed(provisioning)).rules] == [3, 5, 6, 1]
    seen: list[int] = []
    cursor = None
    while cursor is not None or not seen:
        page = await listed(provisioning, cursor=cursor, limit=1)
        seen += [rule.directory_group_id for rule in page.rules]
        cursor = page.next_cursor
    assert seen == [3, 5, 6, 1]
    for cursor in ("x", "WyJhIiwiYiJd", "WyJhIiwiMSIsImIiXQ==", "WyJhIiAsIjk5OTk5OTk5OTk5OTk5OTk5OTk5OTkiXQ=="):
        with pytest.raises(InvalidAPIParameters):
            await listed(provisioning, cursor=cursor)


@pytest.mark.usefixtures("tree")
async def test_m1_rules_are_found_by_what_they_claim(provisioning: ProvisioningService) -> None:
    wide = made(await provisioning.create_rule(creator(2, with_groups_below=True)))
    alone = made(await provisioning.create_rule(creator(5, domain_name=OTHER_DOMAIN)))
    for wanted, found in (
        (RuleFilter(claims=3), [wide]),
        (RuleFilter(claims=2), [wide]),
        (RuleFilter(claims=1), []),
        (RuleFilter(claims=3, domain_name=OTHER_DOMAIN), []),
        (RuleFilter(domain_name=OTHER_DOMAIN), [alone]),
        (RuleFilter(rule=5), [alone]),
        (RuleFilter(rule=wide.id), [wide]),
        (RuleFilter(rule=3), []),
        (RuleFilter(rule=uuid4()), []),
    ):
        assert list((await listed(provisioning, wanted)).rules) == found


@pytest.mark.usefixtures("tree")
async def test_m1_an_admin_sees_the_rules_of_the_domain(
    provisioning: ProvisioningService, group_service: GroupService, deployment: Deployment
) -> None:
    inside = made(await provisioning.create_rule(creator(2)))
    outside = made(await provisioning.create_rule(creator(5, domain_name=OTHER_DOMAIN)))
    for actor, found in (
        (deployment.admin, [inside]),
        (deployment.other_admin, [outside]),
        (deployment.monitor, [inside, outside]),
        (deployment.superadmin, [inside, outside]),
    ):
        acting = ProvisioningService.of(group_service.acting_as(actor))
        assert list((await listed(acting)).rules) == found
        assert bool((await listed(acting, RuleFilter(rule=outside.id))).rules) is (outside in found)


def test_m1_a_rule_is_written_as_its_id_or_that_of_its_directory_group() -> None:
    key = uuid4()
    assert [parse_rule(text) for text in ("42", "-1", str(key))] == [42, -1, key]
    for text in ("", "x", "4.2", "٤٢", "4_2", " 42", "9" * 20, "directory:42", "\0"):
        with pytest.raises(InvalidValue) as error:
            parse_rule(text)
        assert error.value.facts == {"field": "rule"}
