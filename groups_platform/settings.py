"""Every setting of the platform, typed, read from the environment and described where it is declared.

A frozen dataclass without pydantic-settings, whose import would take a look-up of half a second a third longer.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from groups_platform.errors import InvalidSetting

PACKAGE = Path(__file__).resolve().parent
LARGEST_FILE_LIMIT = 2 * 2**30  # a column of text in Arrow, which a file becomes, holds no more

DATABASE_URL = "postgresql://user:password@host:5432/database (in the password %40 for @, %2F for /, %25 for %)"


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


def _matching(pattern: str) -> Callable[[str], str]:
    def parse(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError
        return value

    return parse


def _home(value: str) -> Path:
    home = Path(value).expanduser().absolute()
    if home.exists() and not home.is_dir():
        raise ValueError
    return home


def _storage(value: str) -> str:
    """A folder, made absolute, or an fsspec URL."""
    if "://" not in value:
        return str(Path(value).expanduser().absolute())
    from fsspec.registry import known_implementations, registry  # noqa: PLC0415 - only for URLs

    protocol = value.split("://", 1)[0].split("::", 1)[0]
    if protocol not in registry and protocol not in known_implementations:
        raise ValueError
    return value


def _lake(value: str) -> str:
    """A folder, made absolute, or a URL of one of Spark's file systems, such as dbfs:/lake."""
    return value if re.match(r"[A-Za-z][\w+.-]+:/", value) else str(Path(value).expanduser().absolute())


def parse_database_url(value: str) -> str:
    """A URL as psycopg has it. Raises ValueError where libpq, SQLAlchemy and urllib do not all read the same in it.

    They would take a part of the password for the host, and show it in their errors.
    """
    url = urlsplit(value)
    is_postgres = re.match(r"postgres(ql)?(\+\w+)?://", value) and url.port != 0
    is_clear = value.count("@") == url.netloc.count("@") <= 1 and not url.fragment
    if not (is_postgres and is_clear) or re.search(r"%(?!(?!00)[0-9A-Fa-f]{2})|[\t\r\n]", value):
        raise ValueError
    return re.sub(r"^[^:]+", "postgresql", value)


def _valkey_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in ("valkey", "valkeys", "redis", "rediss", "unix") or url.port == 0:
        raise ValueError
    return re.sub(r"^valkey", "redis", value)


def _vfolder_hosts(value: str) -> dict[str, str]:
    hosts: dict[str, str] = {}
    for entry in value.split(","):
        host, is_pair, url = (part.strip() for part in entry.partition("="))
        if not (host and is_pair and url) or host in hosts:
            raise ValueError
        hosts[host] = _storage(url)
    return hosts


def _time_zone(value: str) -> str:
    return ZoneInfo(value).key


def _share(value: str) -> float:
    if not 0 <= float(value) <= 1:
        raise ValueError
    return float(value)


def _file_limit(value: str) -> int:
    match = re.fullmatch(r"([0-9]{1,12})([kmg]?)", value.strip().lower())
    size = int(match[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[match[2]] if match else 0
    if not 1 <= size <= LARGEST_FILE_LIMIT:
        raise ValueError
    return size


def _by(name: str, about: str, parse: Callable[[str], Any] = str, example: str = "") -> dict[str, Any]:
    """The environment variable of a setting.

    about: what it is, and in parentheses what holds without it. parse: the value from its text, or an error of
    Python's own. example: what to write instead of a value that cannot work.
    """
    return {"name": name, "about": about, "parse": parse, "example": example}


@dataclass(frozen=True)
class Settings:
    """What a run needs to know. `None` means: use the embedded default.

    rejected_limit is a share (0 to 1), file_limit the bytes of a document, of which a record may have an eighth.
    vfolder_hosts: the name of a storage host → the folder or fsspec URL where its folders lie. At most one of
    spark_master and spark_remote is given. Neither `repr` nor an error shows what may hold a secret (repr=False).
    """

    home: Path = field(
        metadata=_by("GROUPS_HOME", "data, lake, Dagster's files (~/.groups_platform)", _home, "the name of a folder")
    )
    source: str = field(
        repr=False,
        metadata=_by(
            "GROUPS_SOURCE", "folder or URL with sync-<day>/ (the sample data)", _storage, "/folder or s3://bucket/path"
        ),
    )
    lake: str = field(
        repr=False,
        metadata=_by("GROUPS_LAKE", "Parquet files ($GROUPS_HOME/lake)", _lake, "/folder or s3a://bucket/path"),
    )
    database_url: str | None = field(
        default=None,
        repr=False,
        metadata=_by(
            "GROUPS_DATABASE_URL",
            "postgresql://…, 15 or newer (an embedded server)",
            parse_database_url,
            DATABASE_URL,
        ),
    )
    spark_master: str | None = field(
        default=None,
        metadata=_by(
            "SPARK_MASTER",
            "a JVM: local[*], spark://…, … (the embedded Spark)",
            _matching(r"local(\[(\*|\d+)(,\d+)?\])?|yarn|(spark|k8s)://.+"),
            "local[*], spark://host:7077, yarn or k8s://…",
        ),
    )
    spark_remote: str | None = field(
        default=None,
        repr=False,
        metadata=_by(
            "SPARK_REMOTE",
            "a Spark Connect server, sc://… (none)",
            _matching(r"sc://[^/;]+.*"),
            "sc://host:15002",
        ),
    )
    spark_token: str | None = field(
        default=None, repr=False, metadata=_by("SPARK_CONNECT_AUTHENTICATE_TOKEN", "that server's token (none)")
    )
    java_home: str | None = field(
        default=None, metadata=_by("JAVA_HOME", "Java 17 or newer, for SPARK_MASTER (the PATH's)")
    )
    rejected_limit: float = field(
        default=0.1,
        metadata=_by("GROUPS_REJECTED_LIMIT", "share of rejected records that warns (0.1)", _share, "0.1, or 0 to 1"),
    )
    file_limit: int = field(
        default=512 * 2**20,
        metadata=_by("GROUPS_FILE_LIMIT", "bytes of a document, unpacked (512m)", _file_limit, "64m, or at most 2g"),
    )
    time_zone: str = field(
        default="UTC",
        metadata=_by("GROUPS_TIMEZONE", "whose days and months usage has (UTC)", _time_zone, "Europe/Vienna"),
    )
    valkey_url: str | None = field(
        default=None,
        repr=False,
        metadata=_by("GROUPS_VALKEY_URL", "live statistics of kernels (none)", _valkey_url, "valkey://host:6379/0"),
    )
    vfolder_hosts: Mapping[str, str] = field(
        default_factory=dict,
        repr=False,
        metadata=_by(
            "GROUPS_VFOLDER_HOSTS",
            "storage, local=/path,… (local=$GROUPS_HOME/vfolders)",
            _vfolder_hosts,
            "local=/path,s3=s3://bucket/path",
        ),
    )

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Settings from `env` (the process environment when None); an empty value is none. Raises InvalidSetting."""
        env = os.environ if env is None else env
        if env.get("SPARK_MASTER") and env.get("SPARK_REMOTE"):
            raise InvalidSetting("SPARK_MASTER and SPARK_REMOTE are both set. Unset one of them.")
        given = {each.name: _read(each, text) for each in fields(cls) if (text := env.get(each.metadata["name"]))}
        home = given.get("home") or Path.home() / ".groups_platform"
        unset = {
            "home": home,
            "source": str(find_resource("sample_data")),
            "lake": str(home / "lake"),
            "vfolder_hosts": {"local": str(home / "vfolders")},
        }
        return cls(**{**unset, **given})


def _read(setting: Field[Any], text: str) -> Any:
    name, example = setting.metadata["name"], setting.metadata["example"]
    try:
        return setting.metadata["parse"](text)
    except (ValueError, LookupError, OSError, RuntimeError):
        said = f"is {text}" if setting.repr else "has a value that cannot work"
        raise InvalidSetting(f"{name} {said}. Write {example}, or unset it.") from None


def describe_settings() -> str:
    """Every environment variable with what it is and what holds without it, a line each."""
    width = max(len(each.metadata["name"]) for each in fields(Settings))
    return "\n".join(f"  {each.metadata['name']:<{width}}  {each.metadata['about']}" for each in fields(Settings))
