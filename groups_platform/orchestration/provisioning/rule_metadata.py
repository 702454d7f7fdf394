"""Rules as metadata for the UI."""

from __future__ import annotations

from groups_platform.orchestration.group_service.metadata import Facts, fields_table, page_table, slots_text
from groups_platform.provisioning.types import RuleData, RulePage


def rule_facts(rule: RuleData) -> Facts:
    """A rule as a table of its fields."""
    times = {"created": rule.created_at, "modified": rule.modified_at}
    return {"rule_id": str(rule.id), "rule": fields_table({**_rule(rule), **times})}


def rules_facts(page: RulePage) -> Facts:
    """The rules of a page as a table; `next_cursor` where another page follows."""
    return page_table("rules", [_rule(rule) for rule in page.rules], page.next_cursor)


def _rule(rule: RuleData) -> Facts:
    return {
        "directory group": rule.directory_group_id,
        "name": rule.directory_group_name or "not in the directory",
        "groups below": rule.with_groups_below,
        "domain": rule.domain_name,
        "names": rule.name_template,
        "resource policy": rule.resource_policy,
        "slots": slots_text(rule.total_resource_slots),
        "members": rule.members_of.value,
        "exact": rule.is_exact,
        "id": str(rule.id),
    }
