"""The inputs and results of the actions on project resource policies: limits that groups follow. 0 means no limit."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from groups_platform.group_service.types import OptionalState
from groups_platform.group_service.types.action import BaseActionResult


@dataclass(frozen=True)
class ResourcePolicyCreator:
    """A new policy. name: 1 to 256 characters. max_quota_scope_size: bytes, or a binary size such as `100g`."""

    name: str
    max_vfolder_count: int = 0
    max_quota_scope_size: int | str = 0
    max_network_count: int = 0


@dataclass(frozen=True)
class ResourcePolicyModifier:
    """Changes of a policy; what is not given stays. A policy keeps its name, by which groups refer to it."""

    max_vfolder_count: OptionalState[int] = field(default_factory=OptionalState.nop)
    max_quota_scope_size: OptionalState[int | str] = field(default_factory=OptionalState.nop)
    max_network_count: OptionalState[int] = field(default_factory=OptionalState.nop)


@dataclass(frozen=True)
class ResourcePolicyData:
    """A policy. max_quota_scope_size: bytes."""

    name: str
    max_vfolder_count: int
    max_quota_scope_size: int
    max_network_count: int
    created_at: datetime
    modified_at: datetime

    def to_json(self) -> dict[str, Any]:
        """The policy in types of JSON."""
        times = {"created_at": self.created_at.isoformat(), "modified_at": self.modified_at.isoformat()}
        return asdict(self) | times


@dataclass(frozen=True)
class ResourcePolicyActionResult(BaseActionResult[ResourcePolicyData]):
    """A policy as it is after the action, or was before it was deleted."""

    def entity_id(self) -> str | None:
        """The policy's name."""
        return self.data.name if self.data else None


@dataclass(frozen=True)
class ResourcePolicyPage:
    """Policies in the order of their names. next_cursor asks for the page that follows; None on the last."""

    policies: tuple[ResourcePolicyData, ...]
    next_cursor: str | None = None
