"""What the usage queries answer: the figures of kernels, and their sums per session, group and project."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from groups_platform.group_service.types.frozen import freeze_fields
from groups_platform.group_service.types.resource_slot import ResourceSlot

BYTES = {"unit": "bytes"}


@dataclass(frozen=True)
class Figures:
    """What was allocated to kernels, and what they used. The fields' metadata has their units.

    Used is what a kernel's statistics say of its whole life, also of the part outside the period: they do not say when.
    smp: multiprocessors of the attached accelerators; device_type: their models; gpu_allocated: devices and shares.
    """

    cpu_allocated: Decimal = field(metadata={"unit": "cores"})
    cpu_used: Decimal = field(metadata={"unit": "milliseconds of CPU time"})
    mem_allocated: int = field(metadata=BYTES)
    mem_used: int = field(metadata=BYTES)
    shared_memory: int = field(metadata=BYTES)
    disk_allocated: int = field(metadata=BYTES)
    disk_used: int = field(metadata=BYTES)
    io_read: int = field(metadata=BYTES)
    io_write: int = field(metadata=BYTES)
    smp: int = field(metadata={"unit": "multiprocessors of accelerators"})
    gpu_mem_allocated: int = field(metadata=BYTES)
    gpu_allocated: Decimal = field(metadata={"unit": "accelerators, and shares of them"})
    device_type: frozenset[str] = field(metadata={"unit": "models of accelerators"})


@dataclass(frozen=True)
class KernelUsage(Figures):
    """A kernel whose life overlaps the period, with its figures.

    used_time: the part of its life that lies in the period, so the months of a kernel add up to its life; used_days:
    the calendar days that this part touches. A running kernel lives until now. name: the session's. image_id: the full
    reference; image_name: its last path component without tag and digest. nfs: the storage hosts of its folders.
    has_statistics: False where neither Postgres nor Valkey knows its use, which then is zero.
    unreadable: the figures that are zero because what is stored cannot be read.
    """

    id: UUID
    session_id: UUID
    container_id: str | None
    domain_name: str
    group_id: UUID
    group_name: str
    name: str | None
    access_key: str | None
    email: str
    full_name: str | None
    agent: str | None
    image_id: str | None
    image_name: str | None
    status: str
    status_info: str | None
    status_changed: datetime
    status_history: Any
    cluster_mode: str
    created_at: datetime
    terminated_at: datetime | None
    used_time: timedelta
    used_days: int
    nfs: frozenset[str]
    has_statistics: bool
    unreadable: tuple[str, ...]

    def __post_init__(self) -> None:
        freeze_fields(self, "status_history")


@dataclass(frozen=True)
class Peak:
    """The most that a group's kernels held at once: cores, bytes, accelerators; each may be of another moment.

    A kernel holds its slots until it ends; one that begins at that instant does not add to it. limit: the group's
    `total_resource_slots` when it was asked, or stored.
    """

    cpu: Decimal
    mem: int
    gpu: Decimal
    limit: ResourceSlot

    def limit_of(self, amount: str) -> Decimal | None:
        """The limit of `cpu`, `mem` or `gpu`; None for no limit. GPU: of all devices and shares together."""
        own = [size for slot, size in self.limit.items() if _is_of(amount, slot)]
        total = sum(own, Decimal(0))
        return total if own and total.is_finite() else None


@dataclass(frozen=True)
class GroupUsage:
    """The sums of a group's kernels. c_infos: the kernels, None where only totals were asked for.

    g_kernel_time: how long the kernels lived in the month, together; it and g_peak are None where peaks were not asked
    for.
    """

    domain_name: str
    g_id: UUID
    g_name: str
    g_kernels: int
    g_cpu_allocated: Decimal
    g_cpu_used: Decimal
    g_mem_allocated: int
    g_mem_used: int
    g_shared_memory: int
    g_disk_allocated: int
    g_disk_used: int
    g_io_read: int
    g_io_write: int
    g_smp: int
    g_gpu_mem_allocated: int
    g_gpu_allocated: Decimal
    g_device_type: frozenset[str]
    c_infos: tuple[KernelUsage, ...] | None
    g_kernel_time: timedelta | None = None
    g_peak: Peak | None = None

    @property
    def figures(self) -> Figures:
        """The sums under the names without `g_`."""
        return Figures(**{name: getattr(self, f"g_{name}") for name in FIGURES})


@dataclass(frozen=True)
class SessionUsage:
    """The sums of a session's kernels that lived in the period, and these kernels."""

    session_id: UUID
    session_name: str | None
    total_usage: Figures
    kernels: tuple[KernelUsage, ...]


@dataclass(frozen=True)
class ProjectUsage:
    """The sums of a project's kernels. sessions: those of the kernels, None where only totals were asked for."""

    domain_name: str
    project_id: UUID
    project_name: str
    kernels: int
    total_usage: Figures
    sessions: tuple[SessionUsage, ...] | None


@dataclass(frozen=True)
class Usage:
    """Usage on the days `first` to `last`, both included, of a time zone.

    missing_statistics: kernels without statistics, which count with zero use. unreadable_figures: kernels with a
    figure that cannot be read, which counts as zero. Both name at most `max_listed` of the kernels that they count.
    """

    first: date
    last: date
    time_zone: str
    missing_statistics: tuple[UUID, ...]
    missing_statistics_count: int
    unreadable_figures: tuple[UUID, ...]
    unreadable_figures_count: int


@dataclass(frozen=True)
class MonthlyUsage(Usage):
    """A month. groups: those with kernels in it, by domain and name."""

    groups: tuple[GroupUsage, ...]


@dataclass(frozen=True)
class PeriodUsage(Usage):
    """A period. projects: those with kernels in it, by domain and name."""

    projects: tuple[ProjectUsage, ...]


@dataclass(frozen=True)
class StoredMonth:
    """A month whose usage is stored. month: its first day. is_over: it had ended when its usage was computed."""

    month: date
    time_zone: str
    is_over: bool
    missing_statistics: int
    unreadable_figures: int


@dataclass(frozen=True)
class StoredUsage:
    """A month's usage as it was computed and stored.

    rows_written, rows_removed: rows of groups and domains. A group's row that changes counts as both, a domain's as
    written.
    """

    usage: MonthlyUsage
    is_over: bool
    rows_written: int
    rows_removed: int


@dataclass(frozen=True)
class MonthFigures:
    """The stored sums of a month. kernel_time and peak are None where they were not known when it was stored."""

    month: date
    kernels: int
    kernel_time: timedelta | None
    cpu_allocated: Decimal
    cpu_used: Decimal
    mem_allocated: int
    mem_used: int
    gpu_allocated: Decimal
    peak: Peak | None = None


@dataclass(frozen=True)
class GroupHistory:
    """The stored months in which a group had kernels, by date. domain_name, group_name: as the newest of them has."""

    domain_name: str
    group_id: UUID
    group_name: str
    months: tuple[MonthFigures, ...]


@dataclass(frozen=True)
class UsageHistory:
    """Stored months, by date, and the groups that have rows in them; of those that the actor may see.

    total: all groups together, without peaks, which do not add up; one for each of `months`. groups: the largest
    first; group_count: how many there are.
    """

    months: tuple[StoredMonth, ...]
    total: tuple[MonthFigures, ...]
    groups: tuple[GroupHistory, ...]
    group_count: int


@dataclass(frozen=True)
class IncompleteGroup:
    """A group whose stored number of kernels is not what the month has now; None where a side has no such group."""

    month: date
    group_id: UUID
    stored: int | None
    counted: int | None


@dataclass(frozen=True)
class UnequalFigure:
    """A stored figure of a domain that is not the sum of its groups'; None where a side has no such domain."""

    month: date
    domain_name: str
    figure: str
    stored: Decimal | None
    summed: Decimal | None


@dataclass(frozen=True)
class MonthlyUsageCheck:
    """The stored months that were checked, by date, and what is wrong with them."""

    months: tuple[StoredMonth, ...]
    incomplete: tuple[IncompleteGroup, ...] = ()
    unequal: tuple[UnequalFigure, ...] = ()


FIGURES = tuple(figure.name for figure in fields(Figures))
"""Amounts, and `device_type` last."""
UNITS = {figure.name: figure.metadata["unit"] for figure in fields(Figures)}
FRACTIONAL = frozenset(figure.name for figure in fields(Figures) if figure.type == "Decimal")
"""The amounts that are not whole numbers."""
GPU_SLOTS = (".device", ".devices", ".shares")


def _is_of(amount: str, slot: str) -> bool:
    return slot.endswith(GPU_SLOTS) if amount == "gpu" else slot == amount
