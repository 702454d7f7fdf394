"""The errors of provisioning, beside those of the group service."""

from __future__ import annotations

from groups_platform.group_service.errors import (
    AlreadyLinked,
    GroupServiceError,
    IntegrityError,
    ObjectNotFound,
)

__all__ = ["AlreadyLinked", "DirectoryGroupClaimed", "InvalidNameTemplate", "UnknownDirectoryGroup", "UnknownRule"]


class UnknownRule(ObjectNotFound):
    """There is no such rule, or none that the actor may see.

    What to do: `groups-platform rule list` shows the rules that you may see.
    """

    code = "unknown_rule"


class UnknownDirectoryGroup(IntegrityError):
    """The directory has no group of this id. facts: `directory_group_id`.

    What to do: take the id from `groups-platform tree`; a group counts once a day with it is applied.
    """

    code = "unknown_directory_group"


class DirectoryGroupClaimed(IntegrityError):
    """Another rule claims a directory group that this one would.

    facts: `directory_group_id`, the group; `rule_id`, `rule_directory_group_id` and `rule_domain_name`, the other rule.

    What to do: change or delete the other rule, or leave out the groups below.
    """

    code = "directory_group_claimed"


class InvalidNameTemplate(GroupServiceError):
    """No names can be made from this template.

    What to do: write a name with `{name}` or `{id}` in it; the sentence says what is wrong.
    """

    code = "invalid_name_template"
