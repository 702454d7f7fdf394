"""What no action makes: virtual folders and their files, sessions, kernels and endpoints. Ids are made of names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import timezone

from sqlalchemy import literal
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from groups_platform.group_service.clients.storage import StorageSessionManager
from groups_platform.group_service.errors import StorageFault
from groups_platform.group_service.models.base import Base
from groups_platform.group_service.models.endpoint import EndpointRow, RoutingRow
from groups_platform.group_service.models.session import KernelRow, SessionRow
from groups_platform.group_service.models.vfolder import VFolderRow
from groups_platform.group_service.sample.records import (
    Record,
    bytes_of,
    folder,
    records,
    reference,
    sample_id,
    slots_of,
)
from groups_platform.group_service.sample.state import State
from groups_platform.group_service.types.period import parse_instant

MILLISECONDS = 3_600_000

log = logging.getLogger(__name__)


async def add_rows(connection: AsyncConnection, state: State) -> dict[str, int]:
    """Insert the rows of the sample's groups that are missing; the number of new ones by table."""
    added = {}
    for row, rows_of in TABLES.items():
        statement = insert(row).on_conflict_do_nothing().returning(literal(1))
        new = [await connection.execute(statement.values(values)) for values in rows_of(state)]
        added[row.__tablename__] = sum(len(result.all()) for result in new)
    return added


async def store_files(storage: StorageSessionManager, state: State) -> None:
    """Put the files of the sample's folders where they are not yet."""
    allowed_hosts = {reference(group): group.get("hosts", ()) for group in records("groups")}
    for made in _of_groups("vfolders", state):
        name, source = made["name"], folder() / "vfolders" / made["name"]
        try:
            await storage.create_folder(made["host"], sample_id("vfolder", name), allowed_hosts[made["group"]], source)
        except StorageFault as fault:  # people may have other hosts than the sample
            log.warning("the files of %s are missing: %s", name, fault)


def _vfolders(state: State) -> Iterator[Record]:
    for made in _of_groups("vfolders", state):
        vfolder_id = sample_id("vfolder", made["name"])
        yield {"id": vfolder_id, "name": made["name"], "host": made["host"], "group": made["group_id"]}


def _sessions(state: State) -> Iterator[Record]:
    for session in _of_groups("sessions", state):
        yield {
            "id": sample_id("session", session["name"]),
            "name": session["name"],
            "session_type": session["type"],
            **_owner(session, state),
            **_life(session["kernels"][0]),
        }


def _kernels(state: State) -> Iterator[Record]:
    accelerators = {accelerator["name"]: accelerator for accelerator in records("accelerators")}
    for session in _of_groups("sessions", state):
        for number, kernel in enumerate(session["kernels"]):
            kernel_id = sample_id("kernel", f"{session['name']}/{number}")
            life = _life(kernel)
            yield {
                "id": kernel_id,
                "session_id": sample_id("session", session["name"]),
                "container_id": sample_id("container", str(kernel_id)).hex,
                "agent": kernel["agent"],
                "image": kernel["image"],
                "cluster_mode": session.get("cluster_mode", "single-node"),
                "status_changed": life["terminated_at"] or life["created_at"],
                "occupied_slots": slots_of(kernel).to_json(),
                "attached_devices": _devices(kernel, accelerators),
                "resource_opts": {"shmem": kernel["shmem"]} if "shmem" in kernel else {},
                "vfolder_mounts": [_mount(name) for name in kernel.get("mounts", ())],
                "last_stat": _statistics(kernel.get("used")),
                **_owner(session, state),
                **life,
            }


def _endpoints(state: State) -> Iterator[Record]:
    for endpoint in _of_groups("endpoints", state):
        yield {
            "id": sample_id("endpoint", endpoint["name"]),
            "name": endpoint["name"],
            "domain": endpoint["group"].split("/")[0],
            "project": endpoint["group_id"],
            "created_user": state.users[endpoint["user"]].id,
            "lifecycle_stage": endpoint["stage"],
            "created_at": parse_instant(endpoint["created_at"], timezone.utc),
        }


def _routings(state: State) -> Iterator[Record]:
    for endpoint in _of_groups("endpoints", state):
        for name in endpoint["sessions"]:
            yield {
                "id": sample_id("routing", f"{endpoint['name']}/{name}"),
                "endpoint": sample_id("endpoint", endpoint["name"]),
                "session": sample_id("session", name),
            }


# In the order of their references.
TABLES: dict[type[Base], Callable[[State], Iterator[Record]]] = {
    VFolderRow: _vfolders,
    SessionRow: _sessions,
    KernelRow: _kernels,
    EndpointRow: _endpoints,
    RoutingRow: _routings,
}


def _of_groups(name: str, state: State) -> Iterator[Record]:
    for record in records(name):
        if group := state.groups.get(record["group"]):
            yield {**record, "group_id": group.id}


def _owner(session: Record, state: State) -> Record:
    domain = session["group"].split("/")[0]
    return {"group_id": session["group_id"], "domain_name": domain, "user_uuid": state.users[session["user"]].id}


def _life(kernel: Record) -> Record:
    ended = kernel.get("terminated_at")
    return {
        "status": kernel["status"],
        "created_at": parse_instant(kernel["created_at"], timezone.utc),
        "terminated_at": ended and parse_instant(ended, timezone.utc),
    }


def _devices(kernel: Record, accelerators: Mapping[str, Record]) -> Record:
    if "accelerator" not in kernel:
        return {}
    model = accelerators[kernel["accelerator"]]
    data = {"smp": model["smp"], "mem": bytes_of(model["mem"])}
    number = kernel["slots"]["cuda.device"]
    return {"cuda": [{"device_id": str(n), "model_name": model["name"], "data": data} for n in range(number)]}


def _mount(name: str) -> Record:
    (host,) = (made["host"] for made in records("vfolders") if made["name"] == name)
    path = f"/home/work/{name}"
    return {"vfolder_id": str(sample_id("vfolder", name)), "host": host, "name": name, "path": path}


def _statistics(used: Record | None) -> Record | None:
    """As agents report them: decimal strings by metric and kind of figure."""
    if used is None:
        return None
    size = {name: str(bytes_of(used[name])) for name in ("mem", "disk", "read", "written")}
    return {
        "cpu_used": {"current": str(round(used["cpu_hours"] * MILLISECONDS))},
        "mem": {"current": size["mem"], "capacity": size["mem"]},
        "io_scratch_size": {"current": size["disk"], "stats.max": size["disk"]},
        "io_read": {"current": size["read"]},
        "io_write": {"current": size["written"]},
    }
