"""Purge requests and dotfiles as metadata for the UI. The content of a dotfile is never shown."""

from __future__ import annotations

from typing import Any

from groups_platform.group_service.types.group import GroupData
from groups_platform.group_service.types.purge import PurgeRequest, PurgeRequestPage
from groups_platform.orchestration.group_service.metadata import Facts, group_facts, page_table, removed_table
from groups_platform.orchestration.metadata import rows_table


def purge_request_facts(request: PurgeRequest) -> Facts:
    """A request, and what would go, by table."""
    return {
        "request_id": str(request.id),
        "group_id": str(request.group_id),
        "state": request.state.value,
        "expires": request.expires_at.isoformat(),
        "would_go": removed_table(request.group_name, request.domain_name, request),
    }


def purge_requests_facts(page: PurgeRequestPage) -> Facts:
    """The requests of a page as a table; `next_cursor` where another page follows."""
    return page_table("requests", [_row(request) for request in page.requests], page.next_cursor)


def dotfiles_facts(group: GroupData) -> Facts:
    """A group, and its dotfiles by path."""
    dotfiles = [{"path": str(d.get("path")), "perm": str(d.get("perm"))} for d in group.dotfiles or ()]
    return {**group_facts(group), "dotfiles": rows_table(dotfiles)}


def _row(request: PurgeRequest) -> dict[str, Any]:
    return {
        "id": str(request.id),
        "group": f"{request.domain_name}/{request.group_name}",
        "state": request.state.value,
        "requested by": request.requested_by,
        "requested": request.requested_at.isoformat(),
        "expires": request.expires_at.isoformat(),
        "approved by": request.approved_by or "",
        "rows": sum(request.counts.values()),
    }
