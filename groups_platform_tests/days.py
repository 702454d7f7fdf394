"""Writes the folder of a sync day from Python objects."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

Record = dict[str, Any]


def group(group_id: object, members: object = (), parent: object = None, **fields: Any) -> Record:
    """A good group record; `fields` add to it or replace what it has."""
    agent_ids = list(members) if isinstance(members, (tuple, list, range, set)) else members
    record = {"id": group_id, "name": f"Group {group_id}", "parent_group_id": parent, "agent_ids": agent_ids}
    return {**record, "updated_at": "2026-11-01T08:00:00Z", **fields}


def agent(agent_id: object, *, active: bool = True, **fields: Any) -> Record:
    """A good agent record."""
    contact = {"active": active, "email": f"agent{agent_id}@example.org", "name": f"Agent {agent_id}"}
    return {"id": agent_id, "deactivated": False, "contact": contact, **fields}


def write_day(
    folder: Path,
    groups: Iterable[object] | None = None,
    agents: Iterable[object] | None = None,
    *,
    details: Iterable[object] | None = None,
    files: Mapping[str, bytes | str] | None = None,
) -> Path:
    """Write one file per kind below `folder`, which is `<source>/sync-<day>`; None leaves the kind's folder out.

    files: further files by path below `folder`, as they are.
    """
    kinds = {"admin_groups/groups.json": groups, "agents/agents.json": agents, "agent_details/details.json": details}
    for path, records in kinds.items():
        if records is not None:
            write_file(folder / path, json.dumps(list(records)))
    for path, content in (files or {}).items():
        write_file(folder / path, content)
    return folder


def write_file(path: Path, content: bytes | str) -> None:
    """Write `content`, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
