"""Settings of the embedded server, derived from the machine's memory and disk and rewritten before each start."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import psutil

from groups_platform.settings import write_whole

# Included at the end of postgresql.conf: settings below that line or by ALTER SYSTEM take precedence.
SETTINGS_FILE = "groups_platform.conf"
INCLUDE = f"include_if_exists = '{SETTINGS_FILE}'  # of groups_platform; your own settings go below this line"

# Values that initdb writes into postgresql.conf; any other value there was set by the user.
INITDB_VALUES = {"128MB", "80MB", "1GB", "posix"}

MB = 1 << 20


def server_settings(memory: int, shared_memory: int | None, free_disk: int) -> dict[str, str]:
    """Return settings for bulk loads on this machine. All sizes are in bytes. None of them reduces durability.

    shared_memory: size of /dev/shm, None if there is none. Parallel workers share memory there (the buffers do not use
    it). Containers often have only 64 MB; the workers then use files in the data folder.
    """
    buffers = min(max(memory // 8, 128 * MB), 2048 * MB)
    # After a checkpoint each changed page is written to the WAL in full once more, so avoid checkpoints in a load.
    log_size = max(min(memory // 4, free_disk // 8, 4096 * MB), 1024 * MB)
    settings = {
        "shared_buffers": f"{buffers // MB}MB",
        "effective_cache_size": f"{max(memory // 2, 256 * MB) // MB}MB",
        "maintenance_work_mem": f"{min(max(memory // 32, 64 * MB), 512 * MB) // MB}MB",
        "max_wal_size": f"{log_size // MB}MB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        "jit": "off",  # compilation takes longer than these queries
        "huge_pages": "off",
    }
    if shared_memory is not None and shared_memory < 2048 * MB:
        settings["dynamic_shared_memory_type"] = "mmap"
    return settings


def write_settings(data: Path) -> None:
    """Write the settings for the next start of the server in `data`; a running server keeps its own."""
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
    header = "# Rewritten at each start. Your own settings go to the end of postgresql.conf."
    write_whole(data / SETTINGS_FILE, "\n".join([header, *lines, ""]), mode=0o644)


def _memory() -> int:
    """Memory in bytes of this machine, or of the container if it has a limit."""
    limits = [psutil.virtual_memory().total]
    for file in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # not there, or «max»
            limits.append(int(Path(file).read_text()))
    return min(limits)
