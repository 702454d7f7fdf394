"""The sample deployment: invented domains, users and groups, and three months of what ran for them.

It is read from `sample_data/deployment`. Ids are made of names, so loading it again adds what is missing and changes
nothing else. The rows are stored as they are, not by actions, so the audit log has no entries of them.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from groups_platform.database.connection import open_database
from groups_platform.group_service.clients.storage import StorageSessionManager
from groups_platform.group_service.errors import StorageFault
from groups_platform.group_service.models.base import Base
from groups_platform.group_service.models.domain import DomainRow, ProjectResourcePolicyRow
from groups_platform.group_service.models.endpoint import EndpointRow, RoutingRow
from groups_platform.group_service.models.group import GroupRow, MembershipRow
from groups_platform.group_service.models.session import KernelRow, SessionRow
from groups_platform.group_service.models.user import UserRow
from groups_platform.group_service.models.vfolder import VFolderRow
from groups_platform.group_service.types import ResourceSlot
from groups_platform.group_service.types.group import ProjectType
from groups_platform.settings import Settings, find_resource

Record = dict[str, Any]

NAMESPACE = UUID("6f0f3f0e-5d0c-5a63-9a55-2f1d8c6c4b11")
MILLISECONDS = 3_600_000

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Known:
    """What the records refer to: users by their addresses, and the sample's groups that are there."""

    users: Mapping[str, UUID]
    groups: frozenset[UUID]


async def load_sample_deployment(settings: Settings) -> dict[str, int]:
    """Add what is missing of the sample; the number of new rows by table. Raises DatabaseUnavailable.

    A group whose name is taken by another group is left out, with everything of it.
    """
    address = make_url(open_database(settings)).set(drivername="postgresql+psycopg")
    engine = create_async_engine(address, hide_parameters=True)
    known, inserted = Known({}, frozenset()), dict.fromkeys((row.__tablename__ for row in TABLES), 0)
    try:
        async with engine.begin() as connection:
            for row, rows_of in TABLES.items():
                added = insert(row).on_conflict_do_nothing().returning(literal(1))
                for values in rows_of(known):
                    inserted[row.__tablename__] += len((await connection.execute(added.values(values))).all())
                users = await connection.execute(select(UserRow.email, UserRow.uuid))
                groups = await connection.execute(select(GroupRow.id))
                known = Known({user.email: user.uuid for user in users}, frozenset(groups.scalars()))
    finally:
        await engine.dispose()
    await _store_files(StorageSessionManager(settings.vfolder_hosts), known)
    return inserted


async def _store_files(storage: StorageSessionManager, known: Known) -> None:
    allowed_hosts = {group["id"]: group["allowed_vfolder_hosts"] for group in _groups(known)}
    for folder in _vfolders(known):
        source = _folder() / "vfolders" / folder["name"]
        try:
            await storage.create_folder(folder["host"], folder["id"], allowed_hosts[folder["group"]], source)
        except StorageFault as fault:  # people may have other hosts than the sample
            log.warning("the files of %s are missing: %s", folder["name"], fault)


def sample_id(kind: str, name: str) -> UUID:
    """The id of the sample's record `name`, such as the group `norrvik/ticket-triage`."""
    return uuid5(NAMESPACE, f"{kind}/{name}")


def _folder() -> Path:
    return find_resource("sample_data") / "deployment"


def _read(name: str) -> list[Record]:
    records: list[Record] = json.loads((_folder() / f"{name}.json").read_text(encoding="utf-8"))
    return records


def _domains(known: Known) -> Iterator[Record]:
    for domain in _read("domains"):
        yield {"name": domain["name"], "description": domain["description"], **_limits(domain)}


def _policies(known: Known) -> Iterator[Record]:
    for policy in _read("resource_policies"):
        yield {**policy, "max_quota_scope_size": _bytes(policy["max_quota_scope_size"])}


def _users(known: Known) -> Iterator[Record]:
    for user in _read("users"):
        yield {
            "uuid": sample_id("user", user["email"]),
            "email": user["email"],
            "full_name": user["full_name"],
            "role": user["role"],
            "status": user.get("status", "active"),
            "domain_name": user["domain"],
        }


def _groups(known: Known) -> Iterator[Record]:
    for group in _read("groups"):
        created = _instant(group["created_at"])
        yield {
            "id": sample_id("group", f"{group['domain']}/{group['name']}"),
            "name": group["name"],
            "domain_name": group["domain"],
            "description": group["description"],
            "is_active": group.get("is_active", True),
            "type": ProjectType(group.get("type", "general")),
            "integration_id": group.get("integration_id"),
            "resource_policy": group["policy"],
            "created_at": created,
            "modified_at": created,
            **_limits(group),
        }


def _members(known: Known) -> Iterator[Record]:
    for group in _read("groups"):
        group_id = sample_id("group", f"{group['domain']}/{group['name']}")
        if group_id in known.groups:
            yield from ({"group_id": group_id, "user_id": known.users[email]} for email in group["members"])


def _vfolders(known: Known) -> Iterator[Record]:
    for folder in _of_groups("vfolders", known):
        yield {
            "id": sample_id("vfolder", folder["name"]),
            "name": folder["name"],
            "host": folder["host"],
            "group": folder["group_id"],
        }


def _sessions(known: Known) -> Iterator[Record]:
    for session in _of_groups("sessions", known):
        yield {
            "id": sample_id("session", session["name"]),
            "name": session["name"],
            "session_type": session["type"],
            **_owner(session, known),
            **_life(session["kernels"][0]),
        }


def _kernels(known: Known) -> Iterator[Record]:
    accelerators = {accelerator["name"]: accelerator for accelerator in _read("accelerators")}
    for session in _of_groups("sessions", known):
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
                "occupied_slots": _slots(kernel),
                "attached_devices": _devices(kernel, accelerators),
                "resource_opts": {"shmem": kernel["shmem"]} if "shmem" in kernel else {},
                "vfolder_mounts": [_mount(name) for name in kernel.get("mounts", ())],
                "last_stat": _statistics(kernel.get("used")),
                **_owner(session, known),
                **life,
            }


def _endpoints(known: Known) -> Iterator[Record]:
    for endpoint in _of_groups("endpoints", known):
        yield {
            "id": sample_id("endpoint", endpoint["name"]),
            "name": endpoint["name"],
            "domain": endpoint["group"].split("/")[0],
            "project": endpoint["group_id"],
            "created_user": known.users[endpoint["user"]],
            "lifecycle_stage": endpoint["stage"],
            "created_at": _instant(endpoint["created_at"]),
        }


def _routings(known: Known) -> Iterator[Record]:
    for endpoint in _of_groups("endpoints", known):
        for name in endpoint["sessions"]:
            yield {
                "id": sample_id("routing", f"{endpoint['name']}/{name}"),
                "endpoint": sample_id("endpoint", endpoint["name"]),
                "session": sample_id("session", name),
            }


# In the order of their references.
TABLES: dict[type[Base], Callable[[Known], Iterator[Record]]] = {
    DomainRow: _domains,
    ProjectResourcePolicyRow: _policies,
    UserRow: _users,
    GroupRow: _groups,
    MembershipRow: _members,
    VFolderRow: _vfolders,
    SessionRow: _sessions,
    KernelRow: _kernels,
    EndpointRow: _endpoints,
    RoutingRow: _routings,
}


def _of_groups(name: str, known: Known) -> Iterator[Record]:
    for record in _read(name):
        group_id = sample_id("group", record["group"])
        if group_id in known.groups:
            yield {**record, "group_id": group_id}


def _owner(session: Record, known: Known) -> Record:
    domain = session["group"].split("/")[0]
    return {"group_id": session["group_id"], "domain_name": domain, "user_uuid": known.users[session["user"]]}


def _life(kernel: Record) -> Record:
    ended = kernel.get("terminated_at")
    return {
        "status": kernel["status"],
        "created_at": _instant(kernel["created_at"]),
        "terminated_at": ended and _instant(ended),
    }


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))  # Python 3.10 reads no Z


def _limits(record: Record) -> Record:
    hosts = {host: host for host in record.get("hosts", ())}
    return {"total_resource_slots": _slots(record), "allowed_vfolder_hosts": hosts}


def _slots(record: Record) -> dict[str, str]:
    return ResourceSlot.from_user_input(record.get("slots", {}), None).to_json()


def _bytes(size: str) -> int:
    return int(ResourceSlot.from_user_input({"mem": size}, None).get("mem", 0))


def _devices(kernel: Record, accelerators: Mapping[str, Record]) -> Record:
    if "accelerator" not in kernel:
        return {}
    model = accelerators[kernel["accelerator"]]
    data = {"smp": model["smp"], "mem": _bytes(model["mem"])}
    number = kernel["slots"]["cuda.device"]
    return {"cuda": [{"device_id": str(n), "model_name": model["name"], "data": data} for n in range(number)]}


def _mount(name: str) -> Record:
    folder = next(folder for folder in _read("vfolders") if folder["name"] == name)
    path = f"/home/work/{name}"
    return {"vfolder_id": str(sample_id("vfolder", name)), "host": folder["host"], "name": name, "path": path}


def _statistics(used: Record | None) -> Record | None:
    """As agents report them: decimal strings by metric and kind of figure."""
    if used is None:
        return None
    size = {name: str(_bytes(used[name])) for name in ("mem", "disk", "read", "written")}
    return {
        "cpu_used": {"current": str(round(used["cpu_hours"] * MILLISECONDS))},
        "mem": {"current": size["mem"], "capacity": size["mem"]},
        "io_scratch_size": {"current": size["disk"], "stats.max": size["disk"]},
        "io_read": {"current": size["read"]},
        "io_write": {"current": size["written"]},
    }
