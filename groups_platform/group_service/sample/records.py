"""What the sample says: its records as `sample_data/deployment` has them, and the ids of what is made of names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from groups_platform.group_service.types import ResourceSlot
from groups_platform.settings import find_resource

Record = dict[str, Any]

NAMESPACE = UUID("6f0f3f0e-5d0c-5a63-9a55-2f1d8c6c4b11")


def sample_id(kind: str, name: str) -> UUID:
    """The id of a row of the sample, such as the session `cells-08`.

    Groups `domain/name` of earlier versions have it too; now the service gives groups and users an id.
    """
    return uuid5(NAMESPACE, f"{kind}/{name}")


def folder() -> Path:
    """Where the sample is."""
    return find_resource("sample_data") / "deployment"


def records(name: str) -> list[Record]:
    """The records of one kind, such as `users`."""
    found: list[Record] = json.loads((folder() / f"{name}.json").read_text(encoding="utf-8"))
    return found


def reference(group: Mapping[str, Any]) -> str:
    """How the other records name a group: `domain/name`."""
    return f"{group['domain']}/{group['name']}"


def slots_of(record: Mapping[str, Any]) -> ResourceSlot:
    """The amounts of a domain, group or kernel."""
    return ResourceSlot.from_user_input(record.get("slots", {}), None)


def bytes_of(size: str) -> int:
    """The bytes of a size such as `2g`."""
    return int(ResourceSlot.from_user_input({"mem": size}, None).get("mem", 0))
