"""The settings of the platform, read from environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from groups_platform.errors import InvalidSetting

PACKAGE = Path(__file__).resolve().parent
LARGEST_FILE_LIMIT = 2 * 2**30  # bytes; the most that an Arrow string column can hold


class Limit(NamedTuple):
    """A day may change `share` of what was stored, and `rows` rows where that is more."""

    share: float
    rows: int

    def allowed(self, stored: int) -> int:
        """How many of `stored` rows may change."""
        return max(int(Decimal(str(self.share)) * stored), self.rows)  # 0.29 of 100 are 29, and 28.99… as a float


class Provisioning(str, Enum):
    """What each applied day does for the projects of provisioning rules (M6): nothing, show its plan, or apply it."""

    OFF = "off"
    PLAN = "plan"
    APPLY = "apply"


DEFAULT_LIMITS: Mapping[str, Limit | None] = {
    "agents_deactivated": Limit(0.2, 10),
    "memberships_removed": Limit(0.2, 20),
    "groups_turned_inactive": Limit(0.1, 5),
    "groups_missing": Limit(0.1, 5),
    "groups_moved": Limit(0.2, 10),
    "groups_read_fewer": Limit(0.3, 20),
    "agents_read_fewer": Limit(0.3, 20),
    "projects_with_running_kernels": Limit(0, 0),
    "members_removed": Limit(0.2, 10),
    "projects_deleted": Limit(0.1, 2),
}

# Not as one URL: errors would mask the user and the password in it.
DATABASE_URL = (
    "postgresql://host:5432/database, with user:password@ before the host (in the password %40 for @, %2F for /, "
    "%20 for a space, %25 for %)"
)


def find_resource(name: str) -> Path:
    """Return the path of `name` at the top level of the repository, or in the package if installed from a wheel."""
    in_wheel = PACKAGE / name
    return in_wheel if in_wheel.exists() else PACKAGE.parent / name


def write_whole(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace the file atomically: a process that reads it sees the old text or the new one."""
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

    scheme, _, place = value.partition("://")
    protocol = scheme.split("::", 1)[0]
    if protocol not in registry and protocol not in known_implementations:
        raise ValueError
    if scheme in ("file", "local") and not place.startswith("/"):  # a host would become a folder in the current one
        raise ValueError
    return value


def _lake(value: str) -> str:
    """A folder, made absolute, or a URL of one of Spark's file systems, such as dbfs:/lake."""
    return value if re.match(r"[A-Za-z][\w+.-]+:/", value) else str(Path(value).expanduser().absolute())


def parse_database_url(value: str) -> str:
    """Return the URL with the scheme `postgresql`. Raises ValueError for an invalid or ambiguous URL.

    libpq, SQLAlchemy and urllib split an ambiguous URL differently and could show a part of the password as the host.
    """
    url = urlsplit(value)
    is_postgres = re.match(r"postgres(ql)?(\+\w+)?://", value) and url.port != 0
    is_clear = value.count("@") == url.netloc.count("@") <= 1 and not url.fragment
    if not (is_postgres and is_clear) or re.search(r"%(?!(?!00)[0-9A-Fa-f]{2})|\s", value):
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


def _limits(value: str) -> dict[str, Limit | None]:
    """`off`, or a list such as memberships_removed=0.5/100,groups_moved=off; what it does not name stays as it is."""
    if value.strip() == "off":
        return dict.fromkeys(DEFAULT_LIMITS)
    limits = dict(DEFAULT_LIMITS)
    for entry in value.split(","):
        name, _, amount = (part.strip() for part in entry.partition("="))
        if name not in limits:
            raise ValueError
        share, _, rows = amount.partition("/")
        limits[name] = None if amount == "off" else Limit(float(share), int(rows))
        if amount != "off" and not (0 <= float(share) <= 1 and int(rows) >= 0):
            raise ValueError
    return limits


def _web_address(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in ("http", "https") or not url.hostname or url.port == 0:
        raise ValueError
    return value.rstrip("/")


def _purge_approval(value: str) -> bool | frozenset[str]:
    """`off`, `required`, or names of domains. What means on or off elsewhere would name a domain that nobody has."""
    if value in ("off", "required"):
        return value == "required"
    domains = frozenset(name.strip() for name in value.split(","))
    if not domains.isdisjoint(("", "off", "on", "required", "true", "false", "yes", "no", "1", "0")):
        raise ValueError
    return domains


def _time_zone(value: str) -> str:
    return ZoneInfo(value).key


def _file_limit(value: str) -> int:
    match = re.fullmatch(r"([0-9]{1,12})([kmg]?)", value.strip().lower())
    size = int(match[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[match[2]] if match else 0
    if not 1 <= size <= LARGEST_FILE_LIMIT:
        raise ValueError
    return size


def _read(parse: Callable[[str], Any]) -> BeforeValidator:
    """Return a validator that parses text with `parse` and keeps other values."""

    def value_of(given: Any) -> Any:
        try:
            return parse(given) if isinstance(given, str) else given
        except (LookupError, OSError, RuntimeError) as error:  # pydantic handles only ValueError
            raise ValueError from error

    return BeforeValidator(value_of)


class Settings(BaseSettings):
    """Settings of a process. `None` selects the embedded default.

    A field's description is its text in `--help`, with the default in parentheses; its example is the suggestion in the
    error for an invalid value. Neither `repr` nor an error shows a value that may hold a secret.
    vfolder_hosts: name of a storage host → folder or fsspec URL of its folders.
    """

    model_config = SettingsConfigDict(frozen=True, populate_by_name=True)

    home: Annotated[Path, _read(_home)] = Field(
        default_factory=lambda: Path.home() / ".groups_platform",
        validation_alias="GROUPS_HOME",
        description="data, lake, Dagster's files (~/.groups_platform)",
        examples=["the name of a folder"],
    )
    source: Annotated[str, _read(_storage)] = Field(
        default_factory=lambda: str(find_resource("sample_data")),
        repr=False,
        validation_alias="GROUPS_SOURCE",
        description="folder or URL with sync-<day>/ (the sample data)",
        examples=["/folder or s3://bucket/path"],
    )
    lake: Annotated[str, _read(_lake)] = Field(
        default_factory=lambda settings: str(settings["home"] / "lake"),
        repr=False,
        validation_alias="GROUPS_LAKE",
        description="Parquet files ($GROUPS_HOME/lake)",
        examples=["/folder or s3a://bucket/path"],
    )
    database_url: Annotated[SecretStr | None, _read(parse_database_url)] = Field(
        default=None,
        validation_alias="GROUPS_DATABASE_URL",
        description="postgresql://…, 15 or newer (an embedded server)",
        examples=[DATABASE_URL],
    )
    spark_master: Annotated[str | None, _read(_matching(r"local(\[(\*|\d+)(,\d+)?\])?|yarn|(spark|k8s)://.+"))] = Field(
        default=None,
        validation_alias="SPARK_MASTER",
        description="Spark on a JVM: local[*], spark://…, … (the embedded one)",
        examples=["local[*], spark://host:7077, yarn or k8s://…"],
    )
    spark_remote: Annotated[SecretStr | None, _read(_matching(r"sc://[^/;]+.*"))] = Field(
        default=None,
        validation_alias="SPARK_REMOTE",
        description="a Spark Connect server, sc://… (none)",
        examples=["sc://host:15002"],
    )
    spark_token: SecretStr | None = Field(
        default=None,
        validation_alias="SPARK_CONNECT_AUTHENTICATE_TOKEN",
        description="token for SPARK_REMOTE (none)",
    )
    java_home: str | None = Field(
        default=None, validation_alias="JAVA_HOME", description="Java 17 or newer, for SPARK_MASTER (the PATH's)"
    )
    rejected_limit: float = Field(
        default=0.1,
        ge=0,
        le=1,
        validation_alias="GROUPS_REJECTED_LIMIT",
        description="share of rejected records that warns (0.1)",
        examples=["0.1, or 0 to 1"],
    )
    limits: Annotated[Mapping[str, Limit | None], NoDecode, _read(_limits)] = Field(
        default_factory=lambda: DEFAULT_LIMITS,
        validation_alias="GROUPS_LIMITS",
        description="what a day may change, or off (groups_missing=0.1/5, …)",
        examples=["off, or memberships_removed=0.5/100,groups_moved=off"],
    )
    grace_days: int = Field(
        default=3,
        ge=0,
        validation_alias="GROUPS_GRACE_DAYS",
        description="days that a group may be missing before it ends (3; 0: any)",
        examples=["3, or 0 for ever"],
    )
    lock_timeout: float = Field(
        default=60.0,
        gt=0,
        validation_alias="GROUPS_LOCK_TIMEOUT",
        description="seconds that a sync waits for the tables (60)",
        examples=["60"],
    )
    service_lock_timeout: float = Field(
        default=5.0,
        gt=0,
        allow_inf_nan=False,
        validation_alias="GROUPS_SERVICE_LOCK_TIMEOUT",
        description="seconds that an action waits for others (5)",
        examples=["5"],
    )
    statement_timeout: float = Field(
        default=60.0,
        gt=0,
        allow_inf_nan=False,
        validation_alias="GROUPS_STATEMENT_TIMEOUT",
        description="seconds that a statement of an action may take (60)",
        examples=["60"],
    )
    usage_timeout: float = Field(
        default=300.0,
        gt=0,
        allow_inf_nan=False,
        validation_alias="GROUPS_USAGE_TIMEOUT",
        description="seconds that a statement of usage may take (300)",
        examples=["300"],
    )
    pool_size: int = Field(
        default=20,
        ge=1,
        le=1000,
        validation_alias="GROUPS_POOL_SIZE",
        description="connections of a service to the database (20)",
        examples=["20, or 1 to 1000"],
    )
    file_limit: Annotated[int, _read(_file_limit)] = Field(
        default=512 * 2**20,
        validation_alias="GROUPS_FILE_LIMIT",
        description="unpacked bytes of a document; a record: an eighth (512m)",
        examples=["64m, or at most 2g"],
    )
    quiet_seconds: float = Field(
        default=30,
        ge=0,
        allow_inf_nan=False,
        validation_alias="GROUPS_QUIET_SECONDS",
        description="how long a folder without _SUCCESS must rest (30)",
        examples=["30, or another number of seconds"],
    )
    time_zone: Annotated[str, _read(_time_zone)] = Field(
        default="UTC",
        validation_alias="GROUPS_TIMEZONE",
        description="time zone of days and months in usage (UTC)",
        examples=["Europe/Vienna"],
    )
    purge_approval: Annotated[bool | frozenset[str], NoDecode, _read(_purge_approval)] = Field(
        default=False,
        validation_alias="GROUPS_PURGE_APPROVAL",
        description="purges by two admins: required, or domain,… (off)",
        examples=["off, required, or names of domains such as norrvik,norrvik-labs"],
    )
    valkey_url: Annotated[SecretStr | None, _read(_valkey_url)] = Field(
        default=None,
        validation_alias="GROUPS_VALKEY_URL",
        description="live statistics of kernels (none)",
        examples=["valkey://host:6379/0"],
    )
    vfolder_hosts: Annotated[Mapping[str, str], NoDecode, _read(_vfolder_hosts)] = Field(
        default_factory=lambda settings: {"local": str(settings["home"] / "vfolders")},
        repr=False,
        validation_alias="GROUPS_VFOLDER_HOSTS",
        description="storage hosts: local=/path,… (local=$GROUPS_HOME/vfolders)",
        examples=["local=/path,s3=s3://bucket/path"],
    )

    provisioning: Provisioning = Field(
        default=Provisioning.OFF,
        validation_alias="GROUPS_PROVISIONING",
        description="projects by rules, each day: off, plan, apply (off)",
        examples=["off, plan or apply"],
    )
    alerts: SecretStr | None = Field(
        default=None,
        validation_alias="GROUPS_ALERTS",
        description="who is told: addresses of apprise, by spaces (nobody)",
        examples=["addresses as apprise reads them, such as mailto://… or jsons://host/path, separated by spaces"],
    )
    ui_url: Annotated[str, _read(_web_address)] = Field(
        default="http://127.0.0.1:3000",
        repr=False,
        validation_alias="GROUPS_UI_URL",
        description="the UI in links of messages (http://127.0.0.1:3000)",
        examples=["https://dagster.example.com"],
    )
    expect_every: float | None = Field(
        default=None,
        ge=0.02,
        le=100_000,
        validation_alias="GROUPS_EXPECT_EVERY",
        description="hours after which a new day is overdue (never)",
        examples=["26, or another number of hours from 0.02 to 100000"],
    )
    report_url: Annotated[str | None, _read(_storage)] = Field(
        default=None,
        repr=False,
        validation_alias="GROUPS_REPORT_URL",
        description="folder or URL for each day's report (none)",
        examples=["/folder or s3://bucket/path"],
    )

    @model_validator(mode="after")
    def _has_one_spark(self) -> Settings:
        if self.spark_master and self.spark_remote:
            raise ValueError("SPARK_MASTER and SPARK_REMOTE are both set. Unset one of them.")
        return self

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource, *_: Any, **__: Any
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use constructor arguments only; the environment is read by `from_env`."""
        return (init_settings,)

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Return the settings in `env` (None: os.environ); empty values count as unset. Raises InvalidSetting."""
        source = EnvSettingsSource(cls, case_sensitive=True)
        source.env_vars = {name: value for name, value in (os.environ if env is None else env).items() if value}
        try:
            return cls(**source())
        except ValidationError as error:
            raise InvalidSetting(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    if not first["loc"]:
        return str(first["ctx"]["error"])
    name = first["loc"][0]
    setting = next(field for field in Settings.model_fields.values() if field.validation_alias == name)
    may_be_shown = setting.repr and "SecretStr" not in str(setting.annotation)
    said = f"is {first['input']}" if may_be_shown else "has an invalid value"
    return f"{name} {said}. Write {(setting.examples or [''])[0]}, or unset it."


def describe_settings() -> str:
    """Return a line for each environment variable: name, description and default."""
    about = {str(field.validation_alias): field.description for field in Settings.model_fields.values()}
    width = max(map(len, about))
    return "\n".join(f"  {name:<{width}}  {text}" for name, text in about.items())
