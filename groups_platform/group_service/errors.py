"""The errors of the group service. Those of a purge live beside it, in `actions/purge_group.py`."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from groups_platform.errors import PlatformError


class GroupServiceError(PlatformError):
    """An action failed. It comes back as the result's `error`, or is raised where `is_raised` says so."""

    code = "group_service_error"
    is_raised: ClassVar[bool] = False
    action_id: UUID | None = None


class Forbidden(GroupServiceError):
    """The actor may not do this, or there is nothing here that the actor may see."""

    code = "forbidden"


class ObjectNotFound(GroupServiceError):
    """There is no such thing."""

    code = "object_not_found"


class GroupNotFound(ObjectNotFound):
    """No group has this id or name."""

    code = "group_not_found"


class DotfileNotFound(ObjectNotFound):
    """The group has no dotfile with this path."""

    code = "dotfile_not_found"


class PurgeRequestNotFound(ObjectNotFound):
    """No purge was requested under this id."""

    code = "purge_request_not_found"


class AmbiguousGroup(GroupServiceError):
    """More than one of the groups that the actor sees has this name. facts: `groups`, as `domain/name`."""

    code = "ambiguous_group"


class UnknownUser(ObjectNotFound):
    """No user has this id or e-mail address."""

    code = "unknown_user"


class UnknownActor(ObjectNotFound):
    """Who acts is no active user, or not any more."""

    code = "unknown_actor"


class IntegrityError(GroupServiceError):
    """A constraint of the database refused the change."""

    code = "integrity_error"


class GroupNameTaken(IntegrityError):
    """Another group of the domain, active or deleted, has this name."""

    code = "group_name_taken"


class IntegrationIdTaken(IntegrityError):
    """Another active group of the domain has this integration id."""

    code = "integration_id_taken"


class AlreadyLinked(IntegrityError):
    """A directory group has one project and a project one directory group: one of the two is taken.

    facts: `group`, which has an integration id already, or `integration_id`, which another group has, perhaps a deleted
    one or one of another domain.
    """

    code = "already_linked"


class UnknownDomain(IntegrityError):
    """No domain has this name."""

    code = "unknown_domain"


class UnknownResourcePolicy(IntegrityError):
    """No resource policy has this name."""

    code = "unknown_resource_policy"


class DomainNameTaken(IntegrityError):
    """Another domain, active or not, has this name."""

    code = "domain_name_taken"


class ResourcePolicyTaken(IntegrityError):
    """Another resource policy has this name."""

    code = "resource_policy_taken"


class ResourcePolicyInUse(IntegrityError):
    """Groups, active or deleted, follow this resource policy. facts: `groups`, how many."""

    code = "resource_policy_in_use"


class EmailTaken(IntegrityError):
    """Another user has this e-mail address, perhaps in another case."""

    code = "email_taken"


class UnknownUsers(IntegrityError):
    """These ids are of no users of the group's domain."""

    code = "unknown_users"


class InactiveDomain(IntegrityError):
    """The domain is deactivated, and takes no groups."""

    code = "inactive_domain"


class InvalidGroupName(GroupServiceError):
    """A name breaks the rules of names."""

    code = "invalid_group_name"


class InvalidDomainName(GroupServiceError):
    """A domain's name breaks the rules of names."""

    code = "invalid_domain_name"


class OwnAccount(GroupServiceError):
    """Nobody takes their own rights away: somebody else has to, so that somebody is left."""

    code = "own_account"


class InvalidUserId(GroupServiceError):
    """A user's id is not a UUID."""

    code = "invalid_user_id"


class InvalidValue(GroupServiceError):
    """A value that Postgres cannot store: too long, or with a character that text cannot hold."""

    code = "invalid_value"


class InvalidAPIParameters(GroupServiceError):
    """Parameters that make no sense, such as a month 13."""

    code = "invalid_api_parameters"
    is_raised = True


class StorageFault(GroupServiceError):
    """Storage refused, or does not know the host."""

    code = "storage_fault"


class HostNotAllowed(StorageFault):
    """The group may not keep folders on this host."""

    code = "vfolder_host_not_allowed"


class DatabaseError(GroupServiceError):
    """Postgres failed, also when asked again; nothing was changed."""

    code = "database_error"
    is_raised = True


class Busy(GroupServiceError):
    """Something was waited for too long; nothing was changed, and a later try may succeed.

    facts: `waited_for`, `seconds`, and `is_retriable`, which is true.
    """

    code = "busy"

    @classmethod
    def after(cls, seconds: float, waited_for: str) -> Busy:
        """The error after waiting for so long."""
        return cls(
            f"After {seconds:g} s of waiting for {waited_for}: nothing was changed. Try again.",
            waited_for=waited_for,
            seconds=seconds,
            is_retriable=True,
        )


class OutcomeUnknown(DatabaseError):
    """The connection broke while the change was committed, and Postgres has not answered since."""

    code = "outcome_unknown"
