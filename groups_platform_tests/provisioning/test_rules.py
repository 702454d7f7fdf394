"""Rules (M1): which directory groups have a project, and what their projects are."""

from __future__ import annotations

from typing import Any

from groups_platform.group_service.types.action import BaseActionResult
from groups_platform.provisioning.actions.create_rule import CreateRuleAction
from groups_platform.provisioning.service import ProvisioningService
from groups_platform.provisioning.types import MembersOf, RuleCreator, RuleData
from groups_platform_tests.group_service.deployment import DOMAIN, Deployment
from groups_platform_tests.provisioning.conftest import DirectoryGroup


def creator(directory_group_id: int, **fields: Any) -> CreateRuleAction:
    return CreateRuleAction(RuleCreator(directory_group_id, **{"domain_name": DOMAIN, **fields}))


def made(result: BaseActionResult[RuleData]) -> RuleData:
    assert result.data is not None, result.error
    return result.data


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
    (row,) = await deployment.audit("create_rule")
    assert (row.entity_type, row.entity_id, row.entity_name) == ("rule", str(rule.id), "directory:42")
    assert (row.domain_name, row.before, row.after) == (DOMAIN, None, rule.to_json())
    assert result.entity_id() == str(rule.id)
