"""Storage: folders under fsspec URLs, hosts that a group may not use, faults that show no secrets."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from groups_platform.group_service.clients.storage import StorageSessionManager
from groups_platform.group_service.errors import HostNotAllowed, StorageFault


async def test_s23_a_new_folder_gets_files_and_one_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "source" / "below").mkdir(parents=True)
    (tmp_path / "source" / "below" / "data.bin").write_bytes(b"12345")
    storage, folder = StorageSessionManager({"local": str(tmp_path / "hosts")}), uuid4()
    await storage.create_folder("local", folder, ["local"], tmp_path / "source")
    assert await storage.folder_size("local", folder) == 5
    (tmp_path / "hosts" / folder.hex / "below" / "data.bin").write_bytes(b"1")
    await storage.create_folder("local", folder, ["local"], tmp_path / "source")
    assert await storage.folder_size("local", folder) == 1


@pytest.mark.parametrize("scheme", ["", "file://"])
async def test_s23_folders_are_made_sized_and_removed(tmp_path: Path, scheme: str) -> None:
    storage, folder, other = StorageSessionManager({"local": f"{scheme}{tmp_path}"}), uuid4(), uuid4()
    for folder_id in (folder, other):
        await storage.create_folder("local", folder_id, {"local": "local"})
    assert await storage.folder_size("local", folder) == 0
    (tmp_path / folder.hex / "below").mkdir()
    (tmp_path / folder.hex / "below" / "data.bin").write_bytes(b"12345")
    assert await storage.folder_size("local", folder) == 5
    for _ in range(2):
        await storage.delete_folder("local", folder)
        assert [path.name for path in tmp_path.iterdir()] == [other.hex]
    assert await storage.folder_size("local", folder) == 0


async def test_s23_any_file_system_of_fsspec_will_do() -> None:
    storage, folder = StorageSessionManager({"ram": "memory://vfolders"}), uuid4()
    await storage.create_folder("ram", folder, ["ram"])
    await storage.delete_folder("ram", folder)
    await storage.delete_folder("ram", folder)


async def test_s23_a_host_that_the_group_may_not_use_is_refused(tmp_path: Path) -> None:
    storage = StorageSessionManager({"local": str(tmp_path), "fast": str(tmp_path / "fast")})
    with pytest.raises(HostNotAllowed) as refused:
        await storage.create_folder("fast", uuid4(), {"local": "local"})
    assert (refused.value.code, refused.value.facts) == ("vfolder_host_not_allowed", {"host": "fast"})
    assert list(tmp_path.iterdir()) == []


async def test_s23_a_host_that_nobody_configured_and_a_disk_that_is_not_mounted_are_faults(tmp_path: Path) -> None:
    storage = StorageSessionManager({"local": str(tmp_path / "unmounted")})
    for host in ("nowhere", "local"):
        with pytest.raises(StorageFault):
            await storage.delete_folder(host, uuid4())


async def test_s23_a_fault_shows_no_secrets() -> None:
    storage = StorageSessionManager({"odd": "nosuchprotocol://me:hunter2@example.com/x"})
    with pytest.raises(StorageFault) as failed:
        await storage.folder_size("odd", uuid4())
    assert "hunter2" not in str(failed.value)
    assert failed.value.__cause__ is None
