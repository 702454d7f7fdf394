"""What a person fills in at the Launchpad for domains, resource policies and users, and the action that it means.

Nothing is checked here: the action refuses what is wrong, with a code and a row in the audit log. Where what is filled
in cannot become an action, `action()` raises a GroupServiceError.
No `from __future__ import annotations` here: Dagster reads these annotations.
"""

from enum import Enum
from typing import Any

from pydantic import Field

from groups_platform.group_service.services.group.actions.create_domain import CreateDomainAction
from groups_platform.group_service.services.group.actions.create_resource_policy import CreateResourcePolicyAction
from groups_platform.group_service.services.group.actions.create_user import CreateUserAction
from groups_platform.group_service.services.group.actions.deactivate_domain import DeactivateDomainAction
from groups_platform.group_service.services.group.actions.delete_resource_policy import DeleteResourcePolicyAction
from groups_platform.group_service.services.group.actions.list_domains import ListDomainsAction
from groups_platform.group_service.services.group.actions.list_resource_policies import ListResourcePoliciesAction
from groups_platform.group_service.services.group.actions.list_users import ListUsersAction
from groups_platform.group_service.services.group.actions.modify_domain import ModifyDomainAction
from groups_platform.group_service.services.group.actions.modify_resource_policy import ModifyResourcePolicyAction
from groups_platform.group_service.services.group.actions.modify_user import ModifyUserAction
from groups_platform.group_service.types.domain import DomainCreator, DomainFilter, DomainModifier
from groups_platform.group_service.types.resource_policy import ResourcePolicyCreator, ResourcePolicyModifier
from groups_platform.group_service.types.user import UserCreator, UserFilter, UserModifier
from groups_platform.orchestration.group_service.config import ServiceConfig, creator_fields, modifier_of

SLOTS = 'Most that may be used in it, by slot, such as {cpu: "256", mem: 1t}'
HOSTS = "Storage hosts that it may use, and what for, such as {local: local}"
SIZE = "Bytes of storage at most, or a size such as 100g; 0: no limit."
ROLES = "user, admin (of the domain), monitor (reads everything) or superadmin"
STATUSES = "active, inactive, deleted or before-verification; only active users may act"
PART = "With this anywhere in it, in any case."
CURSOR = "next_cursor of the page before; left out: the first page."
LIMIT = "Rows in a page, 1 to 1000."


class ClearableOfDomain(Enum):
    """The fields of a domain that can be without a value."""

    description = "description"


class ClearableOfUser(Enum):
    """The fields of a user that can be without a value."""

    full_name = "full_name"


class CreateDomainConfig(ServiceConfig):
    """A new domain."""

    name: str = Field(description="1 to 64 letters, digits, '-', '_' or '.'; it stays for good.")
    description: str | None = Field(default=None, description="A sentence for people.")
    is_active: bool = Field(default=True, description="false: it takes no groups yet.")
    total_resource_slots: dict[str, Any] = Field(default={}, description=f"{SLOTS}; left out: nothing is set.")
    allowed_vfolder_hosts: dict[str, str] = Field(default={}, description=f"{HOSTS}.")

    def action(self) -> CreateDomainAction:
        """The action with these values."""
        return CreateDomainAction(DomainCreator(**creator_fields(self)))


class DomainConfig(ServiceConfig):
    """Which domain it is about."""

    domain_name: str = Field(description="Name of the domain.")


class ModifyDomainConfig(DomainConfig):
    """What changes; what is left out stays."""

    description: str | None = Field(default=None, description="A sentence for people.")
    is_active: bool | None = Field(default=None, description="true: activate it again; false: as deactivate_domain.")
    total_resource_slots: dict[str, Any] | None = Field(default=None, description=f"{SLOTS}; all slots anew.")
    allowed_vfolder_hosts: dict[str, str] | None = Field(default=None, description=f"{HOSTS}; all hosts anew.")
    clear: list[ClearableOfDomain] = Field(default=[], description="Fields to empty: [description].")

    def action(self) -> ModifyDomainAction:
        """The action with these values. Raises InvalidValue for a field that is set and cleared at once."""
        return ModifyDomainAction(self.domain_name, modifier_of(DomainModifier, self))


class DeactivateDomainConfig(DomainConfig):
    """The domain that takes no new groups."""

    def action(self) -> DeactivateDomainAction:
        """The action with these values."""
        return DeactivateDomainAction(self.domain_name)


class ListDomainsConfig(ServiceConfig):
    """Which domains to list; what is left out is any."""

    is_active: bool | None = Field(default=None, description="true: active ones; false: deactivated ones.")
    name_part: str | None = Field(default=None, description=PART)
    cursor: str | None = Field(default=None, description=CURSOR)
    limit: int = Field(default=50, description=LIMIT)

    def action(self) -> ListDomainsAction:
        """The action with these values."""
        return ListDomainsAction(DomainFilter(self.is_active, self.name_part), self.cursor, self.limit)


class CreateResourcePolicyConfig(ServiceConfig):
    """A new resource policy."""

    name: str = Field(description="1 to 256 characters; it stays for good. Groups that name none follow `default`.")
    max_vfolder_count: int = Field(default=0, description="Folders at most; 0: no limit.")
    max_quota_scope_size: str = Field(default="0", description=SIZE)
    max_network_count: int = Field(default=0, description="Networks at most; 0: no limit.")

    def action(self) -> CreateResourcePolicyAction:
        """The action with these values."""
        return CreateResourcePolicyAction(ResourcePolicyCreator(**creator_fields(self)))


class PolicyConfig(ServiceConfig):
    """Which resource policy it is about."""

    policy_name: str = Field(description="Name of the resource policy.")


class ModifyResourcePolicyConfig(PolicyConfig):
    """What changes; what is left out stays."""

    max_vfolder_count: int | None = Field(default=None, description="Folders at most; 0: no limit.")
    max_quota_scope_size: str | None = Field(default=None, description=SIZE)
    max_network_count: int | None = Field(default=None, description="Networks at most; 0: no limit.")

    def action(self) -> ModifyResourcePolicyAction:
        """The action with these values."""
        return ModifyResourcePolicyAction(self.policy_name, modifier_of(ResourcePolicyModifier, self))


class DeleteResourcePolicyConfig(PolicyConfig):
    """The policy to delete for good."""

    def action(self) -> DeleteResourcePolicyAction:
        """The action with these values."""
        return DeleteResourcePolicyAction(self.policy_name)


class ListResourcePoliciesConfig(ServiceConfig):
    """Which resource policies to list; what is left out is any."""

    name_part: str | None = Field(default=None, description=PART)
    cursor: str | None = Field(default=None, description=CURSOR)
    limit: int = Field(default=50, description=LIMIT)

    def action(self) -> ListResourcePoliciesAction:
        """The action with these values."""
        return ListResourcePoliciesAction(self.name_part, self.cursor, self.limit)


class CreateUserConfig(ServiceConfig):
    """A new user."""

    email: str = Field(description="The e-mail address, new in any case; it stays for good.")
    domain_name: str = Field(description="The domain that the user belongs to.")
    full_name: str | None = Field(default=None, description="The name, for people.")
    role: str = Field(default="user", description=f"{ROLES}.")
    status: str = Field(default="active", description=f"{STATUSES}.")

    def action(self) -> CreateUserAction:
        """The action with these values."""
        return CreateUserAction(UserCreator(**creator_fields(self)))


class ModifyUserConfig(ServiceConfig):
    """What changes; what is left out stays."""

    user: str = Field(description="The user: e-mail address in any case, or id (UUID).")
    full_name: str | None = Field(default=None, description="The name, for people.")
    role: str | None = Field(default=None, description=f"{ROLES}.")
    status: str | None = Field(default=None, description=f"{STATUSES}.")
    domain_name: str | None = Field(default=None, description="Another domain; for superadmins.")
    clear: list[ClearableOfUser] = Field(default=[], description="Fields to empty: [full_name].")

    def action(self) -> ModifyUserAction:
        """The action with these values. Raises InvalidValue for a field that is set and cleared at once."""
        return ModifyUserAction(self.user, modifier_of(UserModifier, self))


class ListUsersConfig(ServiceConfig):
    """Which users to list; what is left out is any."""

    domain_name: str | None = Field(default=None, description="Of this domain.")
    status: str | None = Field(default=None, description=f"{STATUSES}.")
    role: str | None = Field(default=None, description=f"{ROLES}.")
    name_part: str | None = Field(default=None, description="With this in e-mail address or name, in any case.")
    cursor: str | None = Field(default=None, description=CURSOR)
    limit: int = Field(default=50, description=LIMIT)

    def action(self) -> ListUsersAction:
        """The action with these values."""
        wanted = UserFilter(self.domain_name, self.status, self.role, self.name_part)
        return ListUsersAction(wanted, self.cursor, self.limit)
