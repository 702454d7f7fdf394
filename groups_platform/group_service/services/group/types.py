"""The public names of what goes into the actions; `group_service/types/` defines them."""

from groups_platform.group_service.types.group import GroupCreator, GroupData, GroupModifier

__all__ = ["GroupCreator", "GroupData", "GroupModifier"]
