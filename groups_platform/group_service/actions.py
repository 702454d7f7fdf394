"""Every action of the service, its result, and every error, by name; each is defined in a file of `services/`."""

from groups_platform.errors import DatabaseUnavailable
from groups_platform.group_service.errors import (
    AlreadyLinked,
    AmbiguousGroup,
    Busy,
    DatabaseError,
    DomainNameTaken,
    DotfileNotFound,
    EmailTaken,
    Forbidden,
    GroupNameTaken,
    GroupNotFound,
    GroupServiceError,
    HostNotAllowed,
    InactiveDomain,
    IntegrationIdTaken,
    IntegrityError,
    InvalidAPIParameters,
    InvalidDomainName,
    InvalidGroupName,
    InvalidUserId,
    InvalidValue,
    ObjectNotFound,
    OutcomeUnknown,
    OwnAccount,
    PurgeRequestNotFound,
    ResourcePolicyInUse,
    ResourcePolicyTaken,
    StorageFault,
    UnknownActor,
    UnknownDomain,
    UnknownResourcePolicy,
    UnknownUser,
    UnknownUsers,
)
from groups_platform.group_service.services.group.actions.approve_purge import (
    ApprovePurgeAction,
    ApprovePurgeActionResult,
    OwnPurgeRequest,
    PurgePlanChanged,
    PurgeRequestExpired,
    PurgeRequestNotWaiting,
)
from groups_platform.group_service.services.group.actions.archive_audit import (
    ArchiveAuditAction,
    ArchiveAuditActionResult,
)
from groups_platform.group_service.services.group.actions.base import BaseAction
from groups_platform.group_service.services.group.actions.check_monthly_usage import (
    CheckMonthlyUsageAction,
    CheckMonthlyUsageActionResult,
)
from groups_platform.group_service.services.group.actions.create_domain import (
    CreateDomainAction,
    CreateDomainActionResult,
)
from groups_platform.group_service.services.group.actions.create_dotfile import (
    CreateDotfileAction,
    CreateDotfileActionResult,
    DotfileExists,
)
from groups_platform.group_service.services.group.actions.create_group import CreateGroupAction, CreateGroupActionResult
from groups_platform.group_service.services.group.actions.create_resource_policy import (
    CreateResourcePolicyAction,
    CreateResourcePolicyActionResult,
)
from groups_platform.group_service.services.group.actions.create_user import CreateUserAction, CreateUserActionResult
from groups_platform.group_service.services.group.actions.deactivate_domain import (
    DeactivateDomainAction,
    DeactivateDomainActionResult,
)
from groups_platform.group_service.services.group.actions.delete_dotfile import (
    DeleteDotfileAction,
    DeleteDotfileActionResult,
)
from groups_platform.group_service.services.group.actions.delete_group import DeleteGroupAction, DeleteGroupActionResult
from groups_platform.group_service.services.group.actions.delete_resource_policy import (
    DeleteResourcePolicyAction,
    DeleteResourcePolicyActionResult,
)
from groups_platform.group_service.services.group.actions.find_users import FindUsersAction, FindUsersActionResult
from groups_platform.group_service.services.group.actions.get_group import GetGroupAction, GetGroupActionResult
from groups_platform.group_service.services.group.actions.get_groups import GetGroupsAction, GetGroupsActionResult
from groups_platform.group_service.services.group.actions.list_domains import ListDomainsAction, ListDomainsActionResult
from groups_platform.group_service.services.group.actions.list_purge_requests import (
    ListPurgeRequestsAction,
    ListPurgeRequestsActionResult,
)
from groups_platform.group_service.services.group.actions.list_resource_policies import (
    ListResourcePoliciesAction,
    ListResourcePoliciesActionResult,
)
from groups_platform.group_service.services.group.actions.list_stray_members import (
    ListStrayMembersAction,
    ListStrayMembersActionResult,
)
from groups_platform.group_service.services.group.actions.list_users import ListUsersAction, ListUsersActionResult
from groups_platform.group_service.services.group.actions.modify_domain import (
    ModifyDomainAction,
    ModifyDomainActionResult,
)
from groups_platform.group_service.services.group.actions.modify_group import ModifyGroupAction, ModifyGroupActionResult
from groups_platform.group_service.services.group.actions.modify_resource_policy import (
    ModifyResourcePolicyAction,
    ModifyResourcePolicyActionResult,
)
from groups_platform.group_service.services.group.actions.modify_user import ModifyUserAction, ModifyUserActionResult
from groups_platform.group_service.services.group.actions.purge_group import (
    ApprovalRequired,
    NotConfirmed,
    PurgeGroupAction,
    PurgeGroupActionActiveEndpointsError,
    PurgeGroupActionActiveKernelsError,
    PurgeGroupActionError,
    PurgeGroupActionResult,
    PurgeGroupActionVFoldersMountedToActiveKernelsError,
)
from groups_platform.group_service.services.group.actions.request_purge import (
    RequestPurgeAction,
    RequestPurgeActionResult,
)
from groups_platform.group_service.services.group.actions.restore_group import (
    RestoreGroupAction,
    RestoreGroupActionResult,
)
from groups_platform.group_service.services.group.actions.retry_vfolder_deletions import (
    RetryVFolderDeletionsAction,
    RetryVFolderDeletionsActionResult,
)
from groups_platform.group_service.services.group.actions.search_audit import SearchAuditAction, SearchAuditActionResult
from groups_platform.group_service.services.group.actions.search_groups import (
    SearchGroupsAction,
    SearchGroupsActionResult,
)
from groups_platform.group_service.services.group.actions.store_monthly_usage import (
    StoreMonthlyUsageAction,
    StoreMonthlyUsageActionResult,
)
from groups_platform.group_service.services.group.actions.summarise_audit import (
    SummariseAuditAction,
    SummariseAuditActionResult,
)
from groups_platform.group_service.services.group.actions.update_dotfile import (
    UpdateDotfileAction,
    UpdateDotfileActionResult,
)
from groups_platform.group_service.services.group.actions.usage_history import (
    UsageHistoryAction,
    UsageHistoryActionResult,
)
from groups_platform.group_service.services.group.actions.usage_per_month import (
    UsagePerMonthAction,
    UsagePerMonthActionResult,
)
from groups_platform.group_service.services.group.actions.usage_per_period import (
    UsagePerPeriodAction,
    UsagePerPeriodActionResult,
)
from groups_platform.group_service.types.action import ActionError, BaseActionResult

__all__ = [
    "ActionError",
    "AlreadyLinked",
    "AmbiguousGroup",
    "ApprovalRequired",
    "ApprovePurgeAction",
    "ApprovePurgeActionResult",
    "ArchiveAuditAction",
    "ArchiveAuditActionResult",
    "BaseAction",
    "BaseActionResult",
    "Busy",
    "CheckMonthlyUsageAction",
    "CheckMonthlyUsageActionResult",
    "CreateDomainAction",
    "CreateDomainActionResult",
    "CreateDotfileAction",
    "CreateDotfileActionResult",
    "CreateGroupAction",
    "CreateGroupActionResult",
    "CreateResourcePolicyAction",
    "CreateResourcePolicyActionResult",
    "CreateUserAction",
    "CreateUserActionResult",
    "DatabaseError",
    "DatabaseUnavailable",
    "DeactivateDomainAction",
    "DeactivateDomainActionResult",
    "DeleteDotfileAction",
    "DeleteDotfileActionResult",
    "DeleteGroupAction",
    "DeleteGroupActionResult",
    "DeleteResourcePolicyAction",
    "DeleteResourcePolicyActionResult",
    "DomainNameTaken",
    "DotfileExists",
    "DotfileNotFound",
    "EmailTaken",
    "FindUsersAction",
    "FindUsersActionResult",
    "Forbidden",
    "GetGroupAction",
    "GetGroupActionResult",
    "GetGroupsAction",
    "GetGroupsActionResult",
    "GroupNameTaken",
    "GroupNotFound",
    "GroupServiceError",
    "HostNotAllowed",
    "InactiveDomain",
    "IntegrationIdTaken",
    "IntegrityError",
    "InvalidAPIParameters",
    "InvalidDomainName",
    "InvalidGroupName",
    "InvalidUserId",
    "InvalidValue",
    "ListDomainsAction",
    "ListDomainsActionResult",
    "ListPurgeRequestsAction",
    "ListPurgeRequestsActionResult",
    "ListResourcePoliciesAction",
    "ListResourcePoliciesActionResult",
    "ListStrayMembersAction",
    "ListStrayMembersActionResult",
    "ListUsersAction",
    "ListUsersActionResult",
    "ModifyDomainAction",
    "ModifyDomainActionResult",
    "ModifyGroupAction",
    "ModifyGroupActionResult",
    "ModifyResourcePolicyAction",
    "ModifyResourcePolicyActionResult",
    "ModifyUserAction",
    "ModifyUserActionResult",
    "NotConfirmed",
    "ObjectNotFound",
    "OutcomeUnknown",
    "OwnAccount",
    "OwnPurgeRequest",
    "PurgeGroupAction",
    "PurgeGroupActionActiveEndpointsError",
    "PurgeGroupActionActiveKernelsError",
    "PurgeGroupActionError",
    "PurgeGroupActionResult",
    "PurgeGroupActionVFoldersMountedToActiveKernelsError",
    "PurgePlanChanged",
    "PurgeRequestExpired",
    "PurgeRequestNotFound",
    "PurgeRequestNotWaiting",
    "RequestPurgeAction",
    "RequestPurgeActionResult",
    "ResourcePolicyInUse",
    "ResourcePolicyTaken",
    "RestoreGroupAction",
    "RestoreGroupActionResult",
    "RetryVFolderDeletionsAction",
    "RetryVFolderDeletionsActionResult",
    "SearchAuditAction",
    "SearchAuditActionResult",
    "SearchGroupsAction",
    "SearchGroupsActionResult",
    "StorageFault",
    "StoreMonthlyUsageAction",
    "StoreMonthlyUsageActionResult",
    "SummariseAuditAction",
    "SummariseAuditActionResult",
    "UnknownActor",
    "UnknownDomain",
    "UnknownResourcePolicy",
    "UnknownUser",
    "UnknownUsers",
    "UpdateDotfileAction",
    "UpdateDotfileActionResult",
    "UsageHistoryAction",
    "UsageHistoryActionResult",
    "UsagePerMonthAction",
    "UsagePerMonthActionResult",
    "UsagePerPeriodAction",
    "UsagePerPeriodActionResult",
]
