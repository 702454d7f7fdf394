"""The values that go into the service and come out of it. Knows no table and no action."""

from groups_platform.group_service.types.resource_slot import ResourceSlot
from groups_platform.group_service.types.states import OptionalState, TriState

__all__ = ["OptionalState", "ResourceSlot", "TriState"]
