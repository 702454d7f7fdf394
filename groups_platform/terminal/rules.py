"""Terminal output of provisioning rules."""

from __future__ import annotations

from groups_platform.provisioning.types import RuleData, RulePage
from groups_platform.terminal import escape, harmless, narrow_table, show_facts, show_page, uncut
from groups_platform.terminal.group_service import in_utc, slots_text


def show_rules(page: RulePage) -> None:
    """Show a line per rule."""
    columns = uncut("directory group", "domain")
    table = narrow_table(*columns, "groups", "names", "policy", "limits", "members")
    for rule in page.rules:
        facts = (rule_name(rule), rule.domain_name, _groups(rule), rule.name_template, rule.resource_policy)
        table.add_row(*map(escape, facts), slots_text(rule.total_resource_slots), _members(rule))
    show_page(table if page.rules else "No rules.", page.rules, page.next_cursor)


def show_rule(rule: RuleData) -> None:
    """Show a rule."""
    show_facts(
        rule_name(rule),
        "" if rule.directory_group_name is not None else "[yellow]not in the directory[/]",
        {
            "id": str(rule.id),
            "domain": rule.domain_name,
            "groups": _groups(rule),
            "names": rule.name_template,
            "resource policy": rule.resource_policy,
            "limits": slots_text(rule.total_resource_slots),
            "members": _members(rule),
            "created, UTC": in_utc(rule.created_at),
            "modified, UTC": in_utc(rule.modified_at),
        },
    )


def rule_name(rule: RuleData) -> str:
    """Return how people know a rule: its directory group, with the name that the directory has today."""
    return harmless(f"{rule.directory_group_id} {rule.directory_group_name or ''}".rstrip())


def _groups(rule: RuleData) -> str:
    return "with those below" if rule.with_groups_below else "alone"


def _members(rule: RuleData) -> str:
    return rule.members_of.value + (", exact" if rule.is_exact else "")
