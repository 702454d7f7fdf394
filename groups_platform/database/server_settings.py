"""What the embedded server is told of this machine: its memory, its disk. Written anew before each start."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import psutil

from groups_platform.settings import write_whole

# Included at the end of postgresql.conf: what a person sets below that line or by ALTER SYSTEM wins.
SETTINGS_FILE = "groups_platform.conf"
INCLUDE = f"include_if_exists = '{SETTINGS_FILE}'  # of groups_platform; your own settings go below this line"

# What initdb writes into postgresql.conf of itself; any other value there is somebody's choice.
INITDB_VALUES = {"128MB", "80MB", "1GB", "posix"}

MB = 1 << 20


def server_settings(memory: int, shared_memory: int | None, free_disk: int) -> dict[str, str]:
    """What suits loads of many rows on this machine, all in bytes. Nothing of it gives up durability.

    shared_memory: the size of /dev/shm, None where there is none. The server's buffers do not lie there, but what
    parallel workers share does, and containers often have 64 MB: then that is in files of the data folder.
    """
    buffers = min(max(memory // 8, 128 * MB), 2048 * MB)
    # After a checkpoint every page goes to the log in full once more: a load should not meet one.
    log_size = max(min(memory // 4, free_disk // 8, 4096 * MB), 1024 * MB)
    settings = {
        "shared_buffers": f"{buffers // MB}MB",
        "effective_cache_size": f"{max(memory // 2, 256 * MB) // MB}MB",
        "maintenance_work_mem": f"{min(max(memory // 32, 64 * MB), 512 * MB) // MB}MB",
        "max_wal_size": f"{log_size // MB}MB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        "jit": "off",  # compiling takes longer than these queries
        "huge_pages": "off",
    }
    if shared_memory is not None and shared_memory < 2048 * MB:
        settings["dynamic_shared_memory_type"] = "mmap"
    return settings


def write_settings(data: Path) -> None:
    """For the next start of the server in `data`; a running one keeps what it has."""
    configuration = data / "postgresql.conf"
    text = configuration.read_text(encoding="utf-8")
    if INCLUDE not in text:
        with configuration.open("a", encoding="utf-8") as file:
            file.write(f"\n{INCLUDE}\n")
    chosen = {
        name for name, value in re.findall(r"(?m)^\s*(\w+)\s*=?\s*'?([^'#\s]+)", text) if value not in INITDB_VALUES
    }
    shm = Path("/dev/shm")
    settings = server_settings(
        _memory(), psutil.disk_usage(str(shm)).total if shm.is_dir() else None, psutil.disk_usage(str(data)).free
    )
    lines = [f"{name} = '{value}'" for name, value in settings.items() if name not in chosen]
    header = "# Written anew at each start. Your own settings go to the end of postgresql.conf."
    write_whole(data / SETTINGS_FILE, "\n".join([header, *lines, ""]), mode=0o644)


def _memory() -> int:
    """Bytes of this machine, or of the container that we are in."""
    limits = [psutil.virtual_memory().total]
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # not there, or «max»
            limits.append(int(Path(file).read_text()))
    return min(limits)
