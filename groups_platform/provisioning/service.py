"""The actions of provisioning, performed and audited by the processor of the group service."""

from __future__ import annotations

from dataclasses import dataclass

from groups_platform.group_service.services.group.processor import ActionProcessor
from groups_platform.group_service.services.group.service import GroupService, performs
from groups_platform.provisioning.actions import provision_group


@dataclass(frozen=True)
class ProvisioningService:
    """Acts on rules, links and reviews for the processor's actor; make one from an open group service."""

    processor: ActionProcessor

    provision_group = performs(provision_group.provision_group)

    @classmethod
    def of(cls, service: GroupService) -> ProvisioningService:
        """The same actor, connections and run as the service's."""
        return cls(service.processor)
