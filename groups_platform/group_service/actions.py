"""Every action of the service, its result, and every error, by name; each is defined in a file of `services/`."""

from __future__ import annotations

from groups_platform.errors import DatabaseUnavailable
from groups_platform.group_service.errors import (
    AmbiguousGroup,
    Busy,
    DatabaseError,
    Forbidden,
    GroupNameTaken,
    GroupNotFound,
    GroupServiceError,
    HostNotAllowed,
    InactiveDomain,
    IntegrationIdTaken,
    IntegrityError,
    InvalidAPIParameters,
    InvalidGroupName,
    InvalidUserId,
    InvalidValue,
    ObjectNotFound,
    OutcomeUnknown,
    StorageFault,
    UnknownActor,
    UnknownDomain,
    UnknownResourcePolicy,
    UnknownUsers,
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
from groups_platform.group_service.services.group.actions.create_group import (
    CreateGroupAction,
    CreateGroupActionResult,
)
from groups_platform.group_service.services.group.actions.delete_group import (
    DeleteGroupAction,
    DeleteGroupActionResult,
)
from groups_platform.group_service.services.group.actions.find_users import (
    FindUsersAction,
    FindUsersActionResult,
)
from groups_platform.group_service.services.group.actions.get_group import (
    GetGroupAction,
    GetGroupActionResult,
)
from groups_platform.group_service.services.group.actions.get_groups import (
    GetGroupsAction,
    GetGroupsActionResult,
)
from groups_platform.group_service.services.group.actions.modify_group import (
    ModifyGroupAction,
    ModifyGroupActionResult,
)
from groups_platform.group_service.services.group.actions.purge_group import (
    PurgeGroupAction,
    PurgeGroupActionActiveEndpointsError,
    PurgeGroupActionActiveKernelsError,
    PurgeGroupActionError,
    PurgeGroupActionResult,
    PurgeGroupActionVFoldersMountedToActiveKernelsError,
)
from groups_platform.group_service.services.group.actions.restore_group import (
    RestoreGroupAction,
    RestoreGroupActionResult,
)
from groups_platform.group_service.services.group.actions.retry_vfolder_deletions import (
    RetryVFolderDeletionsAction,
    RetryVFolderDeletionsActionResult,
)
from groups_platform.group_service.services.group.actions.search_audit import (
    SearchAuditAction,
    SearchAuditActionResult,
)
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
    "AmbiguousGroup",
    "ArchiveAuditAction",
    "ArchiveAuditActionResult",
    "BaseAction",
    "BaseActionResult",
    "Busy",
    "CheckMonthlyUsageAction",
    "CheckMonthlyUsageActionResult",
    "CreateGroupAction",
    "CreateGroupActionResult",
    "DatabaseError",
    "DatabaseUnavailable",
    "DeleteGroupAction",
    "DeleteGroupActionResult",
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
    "InvalidGroupName",
    "InvalidUserId",
    "InvalidValue",
    "ModifyGroupAction",
    "ModifyGroupActionResult",
    "ObjectNotFound",
    "OutcomeUnknown",
    "PurgeGroupAction",
    "PurgeGroupActionActiveEndpointsError",
    "PurgeGroupActionActiveKernelsError",
    "PurgeGroupActionError",
    "PurgeGroupActionResult",
    "PurgeGroupActionVFoldersMountedToActiveKernelsError",
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
    "UnknownUsers",
    "UsageHistoryAction",
    "UsageHistoryActionResult",
    "UsagePerMonthAction",
    "UsagePerMonthActionResult",
    "UsagePerPeriodAction",
    "UsagePerPeriodActionResult",
]
