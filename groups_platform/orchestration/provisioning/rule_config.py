"""What a person fills in at the Launchpad for rules and links, and the action that it means.

Nothing is checked here: the action refuses what is wrong, with a code and a row in the audit log. Where what is filled
in cannot become an action, `action()` raises a GroupServiceError.
No `from __future__ import annotations` here: Dagster reads these annotations.
"""

from typing import Any

from pydantic import Field

from groups_platform.orchestration.group_service.config import (
    AMOUNTS,
    GroupConfig,
    ServiceConfig,
    creator_fields,
    modifier_of,
)
from groups_platform.provisioning.actions.create_rule import CreateRuleAction
from groups_platform.provisioning.actions.delete_rule import DeleteRuleAction
from groups_platform.provisioning.actions.link_group import LinkGroupAction
from groups_platform.provisioning.actions.list_rules import ListRulesAction
from groups_platform.provisioning.actions.modify_rule import ModifyRuleAction
from groups_platform.provisioning.actions.unlink_group import UnlinkGroupAction
from groups_platform.provisioning.types import RuleCreator, RuleFilter, RuleModifier, parse_rule

DIRECTORY_GROUP = "Id of the group of the directory."
BELOW = "true: each group below it has a project too."
NAMES = 'Names of the projects, made of {name} and {id} of the directory group, such as "{name}-{id}".'
MEMBERS = "Whose agents are members: direct, of the directory group; below, also of the groups below it."
EXACT = "true: members added by hand are removed."


class CreateRuleConfig(ServiceConfig):
    """A new rule: a directory group, and what its project is."""

    directory_group_id: int = Field(description=f"{DIRECTORY_GROUP} It stays for good, and no other rule may have it.")
    domain_name: str = Field(description="The domain of the projects; it stays for good.")
    with_groups_below: bool = Field(default=False, description=BELOW)
    resource_policy: str = Field(default="default", description="Resource policy of the projects.")
    total_resource_slots: dict[str, Any] = Field(default={}, description=f"{AMOUNTS}; left out: nothing is set.")
    name_template: str = Field(default="{name}", description=NAMES)
    members_of: str = Field(default="direct", description=MEMBERS)
    is_exact: bool = Field(default=False, description=EXACT)

    def action(self) -> CreateRuleAction:
        """The action with these values."""
        return CreateRuleAction(RuleCreator(**creator_fields(self)))


class RuleConfig(ServiceConfig):
    """Which rule it is about."""

    rule: str = Field(description="The rule: the id of its directory group, or its own (UUID).")


class ModifyRuleConfig(RuleConfig):
    """What changes; what is left out stays."""

    with_groups_below: bool | None = Field(default=None, description=BELOW)
    resource_policy: str | None = Field(default=None, description="Resource policy of the projects.")
    total_resource_slots: dict[str, Any] | None = Field(default=None, description=f"{AMOUNTS}; all slots anew.")
    name_template: str | None = Field(default=None, description=NAMES)
    members_of: str | None = Field(default=None, description=MEMBERS)
    is_exact: bool | None = Field(default=None, description=EXACT)

    def action(self) -> ModifyRuleAction:
        """The action with these values. Raises InvalidValue for what names no rule."""
        return ModifyRuleAction(parse_rule(self.rule), modifier_of(RuleModifier, self))


class DeleteRuleConfig(RuleConfig):
    """The rule to delete for good."""

    def action(self) -> DeleteRuleAction:
        """The action with these values. Raises InvalidValue for what names no rule."""
        return DeleteRuleAction(parse_rule(self.rule))


class ListRulesConfig(ServiceConfig):
    """Which rules to list; what is left out is any."""

    domain_name: str | None = Field(default=None, description="For this domain.")
    rule: str | None = Field(default=None, description="This one: the id of its directory group, or its own (UUID).")
    claims: int | None = Field(default=None, description="The one that has this directory group, or a group above it.")
    cursor: str | None = Field(default=None, description="next_cursor of the page before; left out: the first page.")
    limit: int = Field(default=50, description="Rows in a page, 1 to 1000.")

    def action(self) -> ListRulesAction:
        """The action with these values. Raises InvalidValue for what names no rule."""
        rule = None if self.rule is None else parse_rule(self.rule)
        return ListRulesAction(RuleFilter(self.domain_name, rule, self.claims), self.cursor, self.limit)


class LinkGroupConfig(GroupConfig):
    """The group, and the directory group to which it will belong."""

    directory_group_id: int = Field(description=DIRECTORY_GROUP)

    def action(self) -> LinkGroupAction:
        """The action with these values."""
        return LinkGroupAction(self.group, self.directory_group_id)


class UnlinkGroupConfig(GroupConfig):
    """The group to take from its directory group."""

    def action(self) -> UnlinkGroupAction:
        """The action with these values."""
        return UnlinkGroupAction(self.group)
