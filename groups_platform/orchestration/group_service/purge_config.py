"""What a person fills in at the Launchpad for purges by two admins and for single dotfiles, and the action it means.

No `from __future__ import annotations` here: Dagster reads these annotations.
"""

from pydantic import Field

from groups_platform.group_service.services.group.actions.approve_purge import ApprovePurgeAction
from groups_platform.group_service.services.group.actions.create_dotfile import CreateDotfileAction
from groups_platform.group_service.services.group.actions.delete_dotfile import DeleteDotfileAction
from groups_platform.group_service.services.group.actions.list_purge_requests import ListPurgeRequestsAction
from groups_platform.group_service.services.group.actions.request_purge import RequestPurgeAction
from groups_platform.group_service.services.group.actions.update_dotfile import UpdateDotfileAction
from groups_platform.orchestration.group_service.config import BY_ENVIRONMENT, GroupConfig, ServiceConfig


class RequestPurgeConfig(GroupConfig):
    """The group whose purge another admin has to approve."""

    def action(self) -> RequestPurgeAction:
        """The action with these values."""
        return RequestPurgeAction(self.group)


class ApprovePurgeConfig(ServiceConfig):
    """The request to approve."""

    request_id: str = Field(description="Id (UUID) of the request; list_purge_requests finds it.")
    dry_run: bool = Field(
        default=True, description="true: only check, and say what would go and what blocks. false: remove it, for good."
    )
    confirm: str = Field(default="", description="Write the group's name to purge it for good; not for a dry run.")

    def action(self) -> ApprovePurgeAction:
        """The action with these values."""
        name = None if self.dry_run else self.confirm
        return ApprovePurgeAction(self.request_id, dry_run=self.dry_run, expected_name=name)


class ListPurgeRequestsConfig(ServiceConfig):
    """A page of requests."""

    cursor: str | None = Field(default=None, description="next_cursor of the page before; left out: the first page.")
    limit: int = Field(default=50, description="Requests in a page, 1 to 1000.")

    def action(self) -> ListPurgeRequestsAction:
        """The action with these values."""
        return ListPurgeRequestsAction(self.cursor, self.limit)


class DotfileConfig(GroupConfig):
    """Which dotfile of which group."""

    path: str = Field(description="Where it lies in the home folder, such as .bashrc.")


class CreateDotfileConfig(DotfileConfig):
    """A new dotfile."""

    data: str = Field(description=f"Its content, which the UI never shows. {BY_ENVIRONMENT}")
    perm: str = Field(default="644", description="Its permissions, octal.")

    def action(self) -> CreateDotfileAction:
        """The action with these values."""
        return CreateDotfileAction(self.group, self.path, self.data, self.perm)


class UpdateDotfileConfig(DotfileConfig):
    """What changes of a dotfile; what is left out stays."""

    data: str | None = Field(default=None, description=f"Its content, which the UI never shows. {BY_ENVIRONMENT}")
    perm: str | None = Field(default=None, description="Its permissions, octal.")

    def action(self) -> UpdateDotfileAction:
        """The action with these values."""
        return UpdateDotfileAction(self.group, self.path, self.data, self.perm)


class DeleteDotfileConfig(DotfileConfig):
    """The dotfile to remove."""

    def action(self) -> DeleteDotfileAction:
        """The action with these values."""
        return DeleteDotfileAction(self.group, self.path)
