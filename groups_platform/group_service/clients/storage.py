"""Folders in storage: maps the hosts of vfolders to fsspec URLs; creates, sizes and deletes folders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from groups_platform.group_service.errors import HostNotAllowed, StorageFault
from groups_platform.group_service.types.text import cut
from groups_platform.masking import mask_text

Result = TypeVar("Result")


class StorageSessionManager:
    """The storage hosts. A folder is `<URL of its host>/<its id>`: no text that a user wrote is part of the path."""

    def __init__(self, hosts: Mapping[str, str]) -> None:
        self._hosts = dict(hosts)

    @property
    def hosts(self) -> Collection[str]:
        """The names of the hosts."""
        return self._hosts.keys()

    async def create_folder(
        self, host: str, folder_id: UUID, allowed_hosts: Collection[str], source: Path | None = None
    ) -> None:
        """Make a folder for a group that may use `allowed_hosts`; one that is there stays as it is.

        source: a local folder whose files the new one gets. Raises HostNotAllowed, StorageFault.
        """
        if host not in allowed_hosts:
            raise HostNotAllowed(f"The group may not keep folders on {cut(host)}.", host=cut(host))
        await self._do(host, folder_id, lambda filesystem, root, path: _create(filesystem, path, source))

    async def folder_size(self, host: str, folder_id: UUID) -> int:
        """Bytes in the folder; 0 for one that is not there. Raises StorageFault."""
        return await self._do(host, folder_id, _size)

    async def delete_folder(self, host: str, folder_id: UUID) -> None:
        """Remove the folder and everything in it, if it is there. Raises StorageFault."""
        await self._do(host, folder_id, _delete)

    async def _do(self, host: str, folder_id: UUID, operation: Callable[[Any, str, str], Result]) -> Result:
        url = self._hosts.get(host)
        if url is None:
            raise StorageFault(f"No storage host is named {cut(host)}.", host=cut(host))

        def operate() -> Result:
            filesystem, root = url_to_fs(url)
            filesystem.invalidate_cache()  # others change the same storage
            return operation(filesystem, root, f"{root.rstrip('/')}/{folder_id.hex}")

        try:
            return await asyncio.to_thread(operate)
        except StorageFault:
            raise
        except Exception as error:  # every file system has errors of its own
            reason = mask_text(str(error)) or type(error).__name__
            raise StorageFault(f"{host} refused: {reason}", host=host) from None


def _create(filesystem: AbstractFileSystem, path: str, source: Path | None) -> None:
    if not filesystem.exists(path):
        filesystem.makedirs(path, exist_ok=True)  # another process may make it at the same time
        if source is not None:
            filesystem.put(f"{source}/", f"{path}/", recursive=True)


def _size(filesystem: AbstractFileSystem, root: str, path: str) -> int:
    return int(filesystem.du(path)) if filesystem.exists(path) else 0


def _delete(filesystem: AbstractFileSystem, root: str, path: str) -> None:
    if isinstance(filesystem, LocalFileSystem) and not filesystem.isdir(root):
        # a disk that is not mounted looks as if every folder on it were gone
        raise StorageFault(f"There is no folder {root}; is its disk mounted?")
    if filesystem.exists(path):
        filesystem.rm(path, recursive=True)
