"""Every setting of the platform, typed, read from the environment. Nothing else reads `os.environ`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from groups_platform.errors import InvalidSetting

PACKAGE = Path(__file__).resolve().parent
LARGEST_FILE_LIMIT = 2 * 2**30


def find_resource(name: str) -> Path:
    """The folder or file `name` of the repository's top level; in an installed wheel it lies in the package."""
    in_wheel = PACKAGE / name
    return in_wheel if in_wheel.exists() else PACKAGE.parent / name


def write_whole(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file that another process may be reading: it finds the old text or the new one."""
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as fresh:
        fresh.write(text)
    Path(fresh.name).chmod(mode)
    Path(fresh.name).replace(path)


@dataclass(frozen=True)
class Settings:
    """What a run needs to know. `None` means: use the embedded default.

    home: folder of the embedded Postgres, the lake, the Dagster instance and logs.
    database_url: a `postgresql://` URL, PostgreSQL 15 or newer.
    source: folder or fsspec URL that holds `sync-<day>/` folders.
    lake: path that the driver's and the executors' Spark both see.
    spark_master, spark_remote: at most one; a Spark on a JVM, or a Spark Connect server (`sc://…`). Neither: the
        embedded one.
    rejected_limit: share of rejected records (0 to 1) above which a check warns.
    file_limit: bytes, unpacked, that a JSON document of the source may have; a record may have an eighth of them.
    time_zone: IANA name of the zone whose days and months resource usage is counted by.
    locale: language and country for whoever shows figures, such as en_US.
    valkey_url: `valkey://`, `redis://` or `unix://` URL of the live kernel statistics.
    vfolder_hosts: where the folders of each storage host lie, as folders or fsspec URLs.
    """

    home: Path
    source: str
    lake: str
    database_url: str | None = field(default=None, repr=False)
    spark_master: str | None = None
    spark_remote: str | None = None
    spark_token: str | None = field(default=None, repr=False)
    java_home: str | None = None
    rejected_limit: float = 0.1
    file_limit: int = 512 * 2**20
    time_zone: str = "UTC"
    locale: str = "en_US"
    valkey_url: str | None = field(default=None, repr=False)
    vfolder_hosts: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Settings from `env` (the process environment when None). Raises InvalidSetting."""
        env = os.environ if env is None else env
        home = Path(env.get("GROUPS_HOME") or Path.home() / ".groups_platform").expanduser().absolute()
        if home.exists() and not home.is_dir():
            raise InvalidSetting(f"GROUPS_HOME is {home}, which is not a folder. Name a folder, or unset it.")
        if env.get("SPARK_MASTER") and env.get("SPARK_REMOTE"):
            raise InvalidSetting("SPARK_MASTER and SPARK_REMOTE are both set. Unset one of them.")
        return cls(
            home=home,
            source=_storage("GROUPS_SOURCE", env.get("GROUPS_SOURCE") or str(find_resource("sample_data"))),
            lake=env.get("GROUPS_LAKE") or str(home / "lake"),
            database_url=_database_url(env.get("GROUPS_DATABASE_URL")),
            spark_master=_spark_master(env.get("SPARK_MASTER")),
            spark_remote=_spark_remote(env.get("SPARK_REMOTE")),
            spark_token=env.get("SPARK_CONNECT_AUTHENTICATE_TOKEN") or None,
            java_home=env.get("JAVA_HOME") or None,
            rejected_limit=_share("GROUPS_REJECTED_LIMIT", env.get("GROUPS_REJECTED_LIMIT"), 0.1),
            file_limit=_file_limit(env.get("GROUPS_FILE_LIMIT") or "512m"),
            time_zone=_time_zone(env.get("GROUPS_TIMEZONE") or "UTC"),
            locale=env.get("GROUPS_LOCALE") or "en_US",
            valkey_url=_valkey_url(env.get("GROUPS_VALKEY_URL")),
            vfolder_hosts=_vfolder_hosts(env.get("GROUPS_VFOLDER_HOSTS")) or {"local": str(home / "vfolders")},
        )


def _database_url(value: str | None) -> str | None:
    if not value:
        return None
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - most commands do without, and it takes longer than they do
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        scheme = make_url(value).get_backend_name()
    except (ArgumentError, ValueError):
        scheme = ""
    if scheme not in ("postgresql", "postgres"):  # the value may hold a password: it is not repeated
        raise InvalidSetting(
            "GROUPS_DATABASE_URL is not a PostgreSQL URL. Write postgresql://user:password@host:5432/database, "
            "or unset it for the embedded server."
        )
    return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", value)


def _storage(name: str, value: str) -> str:
    if "://" not in value:
        return str(Path(value).expanduser().absolute())
    from fsspec.registry import known_implementations, registry  # noqa: PLC0415 - only for URLs

    protocol = value.split("://", 1)[0].split("::", 1)[0]
    if protocol not in registry and protocol not in known_implementations:
        raise InvalidSetting(
            f"{name} is a {protocol}:// URL, and no file system is known for that. "
            "Name a folder or a URL such as s3://bucket/path."
        )
    return value


def _spark_master(value: str | None) -> str | None:
    if value and not re.fullmatch(r"local(\[(\*|\d+)(,\d+)?\])?|yarn|(spark|k8s)://.+", value):
        raise InvalidSetting(
            f"SPARK_MASTER is {value}. Write local[*], spark://host:7077, yarn or k8s://…, or unset it."
        )
    return value or None


def _spark_remote(value: str | None) -> str | None:
    if value and not re.fullmatch(r"sc://[^/;]+.*", value):
        raise InvalidSetting(f"SPARK_REMOTE is {value}. Write sc://host:15002, or unset it.")
    return value or None


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidSetting(f"GROUPS_TIMEZONE is {name}. Write an IANA name, such as Europe/Vienna.") from error
    return name


def _valkey_url(value: str | None) -> str | None:
    if not value:
        return None
    try:
        url = urlsplit(value)
        is_valid = url.scheme in ("valkey", "valkeys", "redis", "rediss", "unix") and url.port != 0
    except ValueError:  # the port is no number
        is_valid = False
    if not is_valid:  # the value may hold a password: it is not repeated
        raise InvalidSetting("GROUPS_VALKEY_URL is not a Valkey URL. Write valkey://host:6379/0, or unset it.")
    return re.sub(r"^valkey", "redis", value)


def _vfolder_hosts(value: str | None) -> dict[str, str]:
    hosts: dict[str, str] = {}
    for entry in value.split(",") if value else ():
        host, is_pair, url = (part.strip() for part in entry.partition("="))
        if not (host and is_pair and url) or host in hosts:  # a URL may hold a password: it is not repeated
            raise InvalidSetting("GROUPS_VFOLDER_HOSTS is not a list of hosts. Write local=/path,s3=s3://bucket/path.")
        hosts[host] = _storage("GROUPS_VFOLDER_HOSTS", url)
    return hosts


def _share(name: str, value: str | None, default: float) -> float:
    if not value:
        return default
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise InvalidSetting(f"{name} is {value}. Write a share between 0 and 1, such as {default}.")
    return share


def _file_limit(value: str) -> int:
    """A column of text in Arrow, which a file becomes, holds no more than 2 GiB."""
    match = re.fullmatch(r"([0-9]{1,12})([kmg]?)", value.strip().lower())
    size = int(match[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[match[2]] if match else 0
    if not 1 <= size <= LARGEST_FILE_LIMIT:
        raise InvalidSetting(f"GROUPS_FILE_LIMIT is {value}. Write bytes, such as 512m or 2g, which is the most.")
    return size
