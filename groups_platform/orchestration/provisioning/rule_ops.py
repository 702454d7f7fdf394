"""The actions on rules and links as ops, and a job for each, which people start from the Launchpad."""

from typing import Final

from groups_platform.orchestration.group_service.metadata import group_facts
from groups_platform.orchestration.group_service.ops import Row, op_of
from groups_platform.orchestration.provisioning import rule_config as asked
from groups_platform.orchestration.provisioning import rule_metadata as shown
from groups_platform.provisioning.service import ProvisioningService

# No annotation: so each row is checked by itself, that config, method and facts fit together.
ACTIONS: Final = (
    Row(asked.CreateRuleConfig, ProvisioningService.create_rule, shown.rule_facts),
    Row(asked.ModifyRuleConfig, ProvisioningService.modify_rule, shown.rule_facts),
    Row(asked.DeleteRuleConfig, ProvisioningService.delete_rule, shown.rule_facts),
    Row(asked.ListRulesConfig, ProvisioningService.list_rules, shown.rules_facts),
    Row(asked.LinkGroupConfig, ProvisioningService.link_group, group_facts),
    Row(asked.UnlinkGroupConfig, ProvisioningService.unlink_group, group_facts),
)
RULE_OPS: Final = [op_of(row) for row in ACTIONS]
