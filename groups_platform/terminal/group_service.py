"""Terminal output of the group service: groups, members, purges, the audit log. Usage is in `usage.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any
from uuid import UUID

from rich.table import Table

from groups_platform.group_service.types import ResourceSlot
from groups_platform.group_service.types.audit import ArchivedMonth, AuditEntry, AuditPage, AuditStatus
from groups_platform.group_service.types.group import GroupData, GroupPage, PurgePlan
from groups_platform.group_service.types.purge import PurgeRequest
from groups_platform.group_service.types.stray_member import StrayMemberPage
from groups_platform.group_service.types.user import UserData
from groups_platform.masking import public_registry
from groups_platform.terminal import (
    Readable,
    console,
    escape,
    narrow_table,
    next_page,
    show_facts,
    show_page,
    show_table,
    uncut,
)
from groups_platform.terminal.figures import in_bytes
from groups_platform.wording import counted

COLORS = {AuditStatus.SUCCESS: "green", AuditStatus.FAILURE: "red", AuditStatus.DENIED: "yellow"}
MOST_SHOWN = 10


def show_groups(page: GroupPage) -> None:
    """Show a line per group."""
    table = narrow_table(*uncut("group"), "type", "state", "members", "limits", "description")
    table.columns[3].justify = "right"
    for group in page.groups:
        table.add_row(
            escape(_name(group)),
            group.type.value,
            _state(group),
            str(len(group.member_ids or ())),
            slots_text(group.total_resource_slots),
            escape(group.description or ""),
        )
    nothing = "No groups. groups-platform group create NAME --domain DOMAIN makes one."
    show_page(table if page.groups else nothing, page.groups, page.next_cursor)


def show_group(group: GroupData, members: Sequence[UserData] = ()) -> None:
    """Show a group, without its secrets, and its members."""
    show_facts(_name(group), _state(group), _facts(group))
    if group.member_ids is not None:
        show_table(_members(group, members) if group.member_ids else "No members.")


def strangers(group: GroupData, members: Sequence[UserData]) -> list[UUID]:
    """Return the members that the actor may not see, who are not in `members`."""
    return sorted(set(group.member_ids or ()) - {user.id for user in members})


def show_stray_members(page: StrayMemberPage) -> None:
    """Show a line per member who is no active user of the group's domain, and how to end the membership."""
    if not page.members:
        console.print("Every member is an active user of their group's domain.")
        return
    table = narrow_table(*uncut("group", "e-mail address"), "why", *uncut("id"))
    for member in page.members:
        group = f"{member.domain_name}/{member.group_name}"
        table.add_row(*map(escape, (group, member.email, member.why)), str(member.user_id))
    show_table(table)
    console.print("To end a membership: groups-platform group members GROUP --remove ID")
    if told := next_page(page.members, page.next_cursor):
        console.print(told)


def _members(group: GroupData, members: Sequence[UserData]) -> Table:
    """Return a table of `members`, then of the ids that the actor may not see."""
    table = narrow_table("member", *uncut("e-mail address", "id"), "role")
    for user in members:
        role = user.role.value + ("" if user.status == "active" else f", {user.status}")
        table.add_row(escape(user.full_name or ""), escape(user.email), str(user.id), role)
    for stranger in strangers(group, members):
        table.add_row("", "", str(stranger), "")
    return table


def _facts(group: GroupData) -> dict[str, str]:
    registry = public_registry(group.container_registry) or {}
    return {
        "id": str(group.id),
        "description": group.description or "",
        "type": group.type.value,
        "resource policy": group.resource_policy,
        "limits": slots_text(group.total_resource_slots),
        "storage hosts": ", ".join(group.allowed_vfolder_hosts),
        "registry": "/".join(str(registry[part]) for part in ("registry", "project") if part in registry),
        "dotfiles": ", ".join(str(dotfile.get("path")) for dotfile in group.dotfiles or ()),
        "integration id": group.integration_id or "",
        "created, UTC": in_utc(group.created_at),
        "modified, UTC": in_utc(group.modified_at),
    }


def show_plan(plan: PurgePlan) -> None:
    """Show what a purge removes or removed, and what blocks it."""
    would = "would be removed" if plan.is_dry_run else "is removed"
    console.print(f"[bold]{escape(_name(plan.group))}[/] {would}, and with it:")
    console.print(removed_table(plan))
    for blocker in plan.blockers:
        console.print(f"[red]It is blocked:[/] {escape(blocker.message)} ({blocker.code})")


def removed_table(planned: PurgePlan | PurgeRequest) -> Table:
    """Return a table of what a purge removes besides the group."""
    table = narrow_table("what", "how many", "names")
    table.columns[1].justify = "right"
    named = {"vfolders": planned.vfolders, "endpoints": planned.endpoints}
    for what, number in planned.counts.items():
        table.add_row(what, f"{number:,}", escape(_some(named.get(what, ()))))
    return table


def show_audit(page: AuditPage) -> None:
    """Show a line per attempted action."""
    about = (Readable(name, least=20) for name in ("about", "actor"))
    why = Readable("changes, or the error", least=30)
    table = narrow_table(*uncut("when, UTC", "action", "status"), *about, why)
    for entry in page.entries:
        outcome = f"{entry.error_code}: {entry.description}" if entry.error_code else _changes(entry)
        table.add_row(
            in_utc(entry.started_at),
            entry.action,
            f"[{COLORS[entry.status]}]{entry.status.value}[/]",
            escape(_about(entry)),
            escape(entry.actor),
            escape(outcome),
        )
    show_page(table if page.entries else "No entries.", page.entries, page.next_cursor)


def show_archive(months: Sequence[ArchivedMonth]) -> None:
    """Show the files of an archive."""
    for month in months:
        entries = counted(month.entries, "entry", "entries")
        console.print(f"{month.month:%Y-%m}: {entries} to {escape(month.file)}")
    if not months:
        console.print("There is no such month in the log.")


def in_utc(instant: datetime) -> str:
    """Format an instant in UTC."""
    return f"{instant.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S}"


def _about(entry: AuditEntry) -> str:
    if entry.entity_name is None:
        return entry.entity_id or ""
    return "/".join(part for part in (entry.domain_name, entry.entity_name) if part)


def _changes(entry: AuditEntry) -> str:
    after = entry.after or {}
    if after.get("dry_run"):
        return "dry run"
    if planned := after.get("purged") or after.get("purge_requested"):
        return ", ".join(f"{number} {what}" for what, number in planned.items() if number)
    changed = [name for name in entry.before or {} if name != "modified_at"]
    signs = {"+": after.get("members_added"), "-": after.get("members_removed")}
    members = " ".join(f"{sign}{len(ids)}" for sign, ids in signs.items() if ids)
    return ", ".join(changed + [f"members {members}"] * bool(members))


def _name(group: GroupData) -> str:
    return f"{group.domain_name}/{group.name}"


def _state(group: GroupData) -> str:
    return "active" if group.is_active else "[yellow]deleted[/]"


def slots_text(slots: ResourceSlot) -> str:
    """Format limits: `cpu 8, mem 32 GiB`."""
    return ", ".join(f"{slot} {in_bytes(amount) if 'mem' in slot else f'{amount:f}'}" for slot, amount in slots.items())


def _some(names: Sequence[Any]) -> str:
    more = f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else ""
    return ", ".join(names[:MOST_SHOWN]) + more
