"""Terminal output of purges by two admins, and of dotfiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from groups_platform.group_service.types.purge import PurgeRequest, PurgeRequestPage, PurgeRequestState
from groups_platform.terminal import console, escape, narrow_table, show_page, show_table, uncut
from groups_platform.terminal.group_service import in_utc, removed_table

COLORS = {
    PurgeRequestState.WAITING: "yellow",
    PurgeRequestState.APPROVED: "green",
    PurgeRequestState.REPLACED: "dim",
    PurgeRequestState.EXPIRED: "red",
}


def show_purge_request(request: PurgeRequest) -> None:
    """Show what was requested, and what the other admin does."""
    console.print(
        f"The purge of [bold]{escape(_group(request))}[/] is requested; it would remove the group, and with it:"
    )
    console.print(removed_table(request))
    console.print(f"Another admin approves it until {in_utc(request.expires_at)} UTC:")
    console.print(f"  groups-platform group approve-purge {request.id}", soft_wrap=True)


def show_purge_requests(page: PurgeRequestPage) -> None:
    """Show a line per request."""
    table = narrow_table(*uncut("request", "group"), "state", "requested by", "approved by", *uncut("expires, UTC"))
    for request in page.requests:
        table.add_row(
            str(request.id),
            escape(_group(request)),
            f"[{COLORS[request.state]}]{request.state.value}[/]",
            escape(request.requested_by),
            escape(request.approved_by or ""),
            in_utc(request.expires_at),
        )
    show_page(table if page.requests else "No purges were requested.", page.requests, page.next_cursor)


def show_dotfiles(dotfiles: Sequence[Mapping[str, Any]]) -> None:
    """Show a line per dotfile, without its data."""
    table = narrow_table(*uncut("path"), "perm", "bytes")
    table.columns[2].justify = "right"
    for dotfile in dotfiles:
        table.add_row(escape(dotfile["path"]), escape(dotfile["perm"]), f"{dotfile['bytes']:,}")
    show_table(table if dotfiles else "No dotfiles.")


def _group(request: PurgeRequest) -> str:
    return f"{request.domain_name}/{request.group_name}"
