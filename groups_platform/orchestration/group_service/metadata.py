"""The results of the group service as metadata for the UI: groups, pages, purge plans, usage, folders.

Everybody who opens the UI sees it, so dotfiles, credentials and integration ids are counted or named, never shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from groups_platform.group_service.types import ResourceSlot
from groups_platform.group_service.types.group import GroupData, GroupPage, PurgePlan, RemovedFolders
from groups_platform.group_service.types.purge import PurgeRequest
from groups_platform.group_service.types.usage import (
    Figures,
    KernelUsage,
    MonthlyUsage,
    Peak,
    PeriodUsage,
    Usage,
)
from groups_platform.masking import mask_text
from groups_platform.orchestration.group_service.usage_picture import (
    GroupBars,
    GroupLimits,
    Held,
    draw_limits,
    draw_usage,
)
from groups_platform.orchestration.metadata import rows_table, svg_picture

Facts = dict[str, Any]

MOST_ROWS = 100
GIB = 1024**3
HOUR = 3_600_000  # milliseconds


def group_facts(group: GroupData) -> Facts:
    """A group as a table of its fields, and its members where they are known."""
    registry = group.container_registry
    fields = {
        "id": group.id,
        "name": group.name,
        "domain": group.domain_name,
        "description": group.description,
        "active": group.is_active,
        "type": group.type.value,
        "slots": slots_text(group.total_resource_slots),
        "storage hosts": ", ".join(group.allowed_vfolder_hosts),
        "resource policy": group.resource_policy,
        "container registry": registry and registry.get("registry", "set"),
        "dotfiles": None if group.dotfiles is None else len(group.dotfiles),
        "integration id": "set" if group.integration_id else None,
        "created": group.created_at,
        "modified": group.modified_at,
    }
    facts: Facts = {
        "group_id": str(group.id),
        "group": fields_table(fields),
    }
    if group.member_ids is not None:
        facts["member_count"] = len(group.member_ids)
        facts["members"] = _table({"user_id": str(user_id)} for user_id in group.member_ids)
    return facts


def page_facts(page: GroupPage) -> Facts:
    """The groups of a page as a table; `next_cursor` where another page follows."""
    rows = (
        {
            "name": group.name,
            "domain": group.domain_name,
            "id": str(group.id),
            "active": group.is_active,
            "type": group.type.value,
            "slots": slots_text(group.total_resource_slots),
            "resource policy": group.resource_policy,
        }
        for group in page.groups
    )
    return page_table("groups", list(rows), page.next_cursor)


def page_table(name: str, rows: Sequence[Facts], next_cursor: str | None) -> Facts:
    """The rows of a page as a table of this name, how many there are, and `next_cursor` where another page follows."""
    facts: Facts = {"found": len(rows), name: rows_table(rows)}
    return facts | ({"next_cursor": next_cursor} if next_cursor else {})


def purge_facts(plan: PurgePlan) -> Facts:
    """What was removed, or would be, by table, and what blocks."""
    return {
        "group_id": str(plan.group.id),
        "dry_run": plan.is_dry_run,
        "would_go" if plan.is_dry_run else "gone": removed_table(plan.group.name, plan.group.domain_name, plan),
        "blocking": sum(blocker.facts["count"] for blocker in plan.blockers),
        "blocks": _table(_blocking(plan)),
    }


def removed_table(group_name: str, domain_name: str, planned: PurgePlan | PurgeRequest) -> Any:
    """What a purge removes, the group first."""
    names = {"group": (f"{group_name} ({domain_name})",), "vfolders": planned.vfolders, "endpoints": planned.endpoints}
    counts = {"group": 1, **planned.counts}
    return rows_table(
        [
            {"what": table, "number": number, "names": ", ".join(names.get(table, ()))}
            for table, number in counts.items()
        ]
    )


def month_facts(usage: MonthlyUsage) -> Facts:
    """A month by group, as pictures and tables; limits and kernels where they were asked for."""
    totals = [(f"{group.domain_name}/{group.g_name}", group.g_kernels, group.figures) for group in usage.groups]
    facts: Facts = {"days": _days(usage), "groups": len(totals), **_totals(totals)}
    peaks = [(f"{group.domain_name}/{group.g_name}", group.g_peak) for group in usage.groups if group.g_peak]
    if peaks:
        facts["limits"] = svg_picture("use beside limits", draw_limits([_limits(name, peak) for name, peak in peaks]))
        facts["at_once"] = _table({"group": name, **_at_once(peak)} for name, peak in peaks)
    if any(group.c_infos is not None for group in usage.groups):
        facts["kernel_usage"] = _kernels(kernel for group in usage.groups for kernel in group.c_infos or ())
    return facts | _gaps(usage)


def period_facts(usage: PeriodUsage) -> Facts:
    """A period by project, as a picture and tables; its sessions and kernels where they were asked for."""
    projects = usage.projects
    totals = [(f"{p.domain_name}/{p.project_name}", p.kernels, p.total_usage) for p in projects]
    facts: Facts = {"days": _days(usage), "projects": len(totals), **_totals(totals)}
    if any(project.sessions is not None for project in projects):
        sessions = [(project, session) for project in projects for session in project.sessions or ()]
        facts["sessions"] = len(sessions)
        facts["session_usage"] = _table(
            {"project": p.project_name, "session": s.session_name or str(s.session_id), **_row(s.total_usage)}
            for p, s in sessions
        )
        facts["kernel_usage"] = _kernels(kernel for _, session in sessions for kernel in session.kernels)
    return facts | _gaps(usage)


def folder_facts(done: RemovedFolders) -> Facts:
    """The folders that were removed, and those that storage refused, with its reason."""
    rows = [{"folder": str(folder_id), "outcome": "removed"} for folder_id in done.removed]
    rows += [{"folder": str(folder_id), "outcome": reason} for folder_id, reason in done.failed.items()]
    return {"removed": len(done.removed), "failed": len(done.failed), "folders": _table(rows)}


def _days(usage: Usage) -> str:
    return f"{usage.first} to {usage.last}, {usage.time_zone}"


def _totals(totals: Sequence[tuple[str, int, Figures]]) -> Facts:
    """Name, kernels and figures of each group: a picture, and two tables, because one would be wider than a screen."""
    return {
        "kernels": sum(kernels for _, kernels, _ in totals),
        "picture": svg_picture("usage", draw_usage([_bars(name, figures) for name, _, figures in totals])),
        "allocated": _table({"group": name, "kernels": k, **_allocated(figures)} for name, k, figures in totals),
        "used": _table({"group": name, **_used(figures)} for name, _, figures in totals),
    }


def _gaps(usage: Usage) -> Facts:
    facts: Facts = {
        "missing_statistics": usage.missing_statistics_count,
        "unreadable_figures": usage.unreadable_figures_count,
    }
    if usage.missing_statistics:
        facts["without_statistics"] = _table({"kernel": str(kernel_id)} for kernel_id in usage.missing_statistics)
    return facts


def _allocated(figures: Figures) -> Facts:
    """What was allocated, in units for people."""
    return {
        "CPU": float(figures.cpu_allocated),
        "memory GiB": gib(figures.mem_allocated),
        "shared memory GiB": gib(figures.shared_memory),
        "disk GiB": gib(figures.disk_allocated),
        "GPU": float(figures.gpu_allocated),
        "GPU memory GiB": gib(figures.gpu_mem_allocated),
        "SMP": figures.smp,
        "devices": ", ".join(sorted(figures.device_type)),
    }


def _used(figures: Figures) -> Facts:
    """What was used, in units for people."""
    return {
        "CPU hours": hours(figures.cpu_used),
        "memory GiB": gib(figures.mem_used),
        "disk GiB": gib(figures.disk_used),
        "read GiB": gib(figures.io_read),
        "written GiB": gib(figures.io_write),
    }


def _row(figures: Figures) -> Facts:
    """The figures that most people ask for, of one session or kernel; `groups-platform usage --json` has all."""
    allocated, used = _allocated(figures), _used(figures)
    return {
        **{name: allocated[name] for name in ("CPU", "memory GiB", "GPU")},
        **{f"{name} used": used[name] for name in ("CPU hours", "memory GiB", "disk GiB")},
    }


def _kernels(kernels: Iterable[KernelUsage]) -> Any:
    return _table(
        {
            "group": kernel.group_name,
            "session": kernel.name,
            "kernel": str(kernel.id),
            "status": kernel.status,
            "created": kernel.created_at,
            "days": kernel.used_days,
            **_row(kernel),
        }
        for kernel in kernels
    )


def _bars(name: str, figures: Figures) -> GroupBars:
    return GroupBars(name, float(figures.cpu_allocated), gib(figures.mem_allocated), float(figures.gpu_allocated))


def _limits(name: str, peak: Peak) -> GroupLimits:
    cpu, mem, gpu = (peak.limit_of(amount) for amount in ("cpu", "mem", "gpu"))
    return GroupLimits(
        name,
        (
            Held(float(peak.cpu), None if cpu is None else float(cpu)),
            Held(gib(peak.mem), None if mem is None else gib(int(mem))),
            Held(float(peak.gpu), None if gpu is None else float(gpu)),
        ),
    )


def _at_once(peak: Peak) -> Facts:
    """The most at once beside the limit, in units for people."""
    held = _limits("", peak).held
    facts: Facts = {}
    for name, own in zip(("CPU", "memory GiB", "GPU"), held, strict=True):
        facts |= {name: own.peak, f"{name} limit": "no limit" if own.limit is None else own.limit}
    return facts


def hours(milliseconds: Decimal) -> float:
    """Milliseconds in hours, to two places."""
    return round(float(milliseconds) / HOUR, 2)


def _blocking(plan: PurgePlan) -> Iterator[Facts]:
    for blocker in plan.blockers:
        for what, listed in blocker.facts.items():
            for item in listed if isinstance(listed, Sequence) else ():
                yield {"code": blocker.code, "what": what, "id": item["id"], "details": _details(item)}


def _details(item: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {_text(value)}" for name, value in item.items() if name != "id")


def fields_table(fields: Facts) -> Any:
    """The fields of one thing as a table, with secrets in texts masked."""
    return rows_table([{"field": name, "value": _text(value)} for name, value in fields.items()])


def slots_text(slots: ResourceSlot) -> str:
    """Limits as a text: `cpu 8, mem 34359738368`."""
    return ", ".join(f"{slot} {amount}" for slot, amount in slots.to_json().items())


def _table(rows: Iterable[Facts]) -> Any:
    """The first rows; how many there are stands beside the table."""
    return rows_table([row for row, _ in zip(rows, range(MOST_ROWS), strict=False)])


def gib(size: int) -> float:
    """Bytes in GiB, to two places."""
    return round(size / GIB, 2)


def _text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return "" if value is None else mask_text(str(value))
