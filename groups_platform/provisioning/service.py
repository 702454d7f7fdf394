"""The actions of provisioning, performed and audited by the processor of the group service."""

from __future__ import annotations

from dataclasses import dataclass

from groups_platform.group_service.services.group.processor import ActionProcessor
from groups_platform.group_service.services.group.service import GroupService, performs
from groups_platform.provisioning.actions import (
    create_rule,
    delete_rule,
    link_group,
    list_rules,
    modify_rule,
    provision_group,
    unlink_group,
)
from groups_platform.provisioning.review.actions import (
    decide_review_row,
    finish_review,
    get_review,
    list_reviews,
    review_access,
    start_review,
)

NAME = "ProvisioningService"


@dataclass(frozen=True)
class ProvisioningService:
    """Acts on rules, links and reviews for the processor's actor; make one from an open group service."""

    processor: ActionProcessor

    create_rule = performs(create_rule.create_rule, service=NAME)
    modify_rule = performs(modify_rule.modify_rule, service=NAME)
    delete_rule = performs(delete_rule.delete_rule, service=NAME)
    list_rules = performs(list_rules.list_rules, service=NAME)
    link_group = performs(link_group.link_group, service=NAME)
    unlink_group = performs(unlink_group.unlink_group, service=NAME)
    provision_group = performs(provision_group.provision_group, service=NAME)

    review_access = performs(review_access.review_access, service=NAME)
    start_review = performs(start_review.start_review, service=NAME)
    decide_review_row = performs(decide_review_row.decide_review_row, service=NAME)
    finish_review = performs(finish_review.finish_review, service=NAME)
    list_reviews = performs(list_reviews.list_reviews, service=NAME)
    get_review = performs(get_review.get_review, service=NAME)

    @classmethod
    def of(cls, service: GroupService) -> ProvisioningService:
        """The same actor, connections and run as the service's."""
        return cls(service.processor)
