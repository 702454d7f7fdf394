"""Settings from the environment: what each means, and one clear sentence where a value cannot work."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from pydantic import SecretStr, ValidationError

from groups_platform.cli import cli
from groups_platform.directory.reader import FILE_LIMIT
from groups_platform.errors import InvalidSetting, PlatformError
from groups_platform.settings import Settings, find_resource


def test_everything_has_a_default() -> None:
    settings = Settings.from_env({})
    assert settings.home == Path.home() / ".groups_platform"
    assert Path(settings.source) == find_resource("sample_data")
    assert settings.lake == str(settings.home / "lake")
    assert (settings.database_url, settings.spark_master, settings.spark_remote) == (None, None, None)


def test_an_empty_value_is_no_value(tmp_path: Path) -> None:
    names = ("GROUPS_SOURCE", "GROUPS_DATABASE_URL", "GROUPS_LAKE", "SPARK_MASTER", "SPARK_REMOTE", "JAVA_HOME")
    empty = Settings.from_env({"GROUPS_HOME": str(tmp_path), **dict.fromkeys(names, "")})
    assert empty == Settings.from_env({"GROUPS_HOME": str(tmp_path)})


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GROUPS_HOME", str(tmp_path))
    assert Settings.from_env().home == tmp_path


def test_paths_are_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    settings = Settings.from_env({"GROUPS_HOME": "here", "GROUPS_SOURCE": "~/upstream"})
    assert settings.home == tmp_path / "here"
    assert settings.source == str(tmp_path / "me" / "upstream")
    assert settings.lake == str(tmp_path / "here" / "lake")
    assert Settings.from_env({"GROUPS_LAKE": "~/lake"}).lake == str(tmp_path / "me" / "lake")
    assert Settings.from_env({"GROUPS_LAKE": "lake"}).lake == str(tmp_path / "lake")


@pytest.mark.parametrize("lake", ["s3a://bucket/lake", "dbfs:/lake", "file:///lake", "file:/lake", "hdfs://name/lake"])
def test_a_lake_may_be_any_url_of_spark(lake: str) -> None:
    assert Settings.from_env({"GROUPS_LAKE": lake}).lake == lake


@pytest.mark.parametrize("source", ["s3://bucket/path", "zip://::file:///a.zip", "memory://x", "file:///data"])
def test_a_source_may_be_any_url_of_fsspec(source: str) -> None:
    assert Settings.from_env({"GROUPS_SOURCE": source}).source == source


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"])
def test_a_database_url_is_one_that_psycopg_reads(scheme: str) -> None:
    url = f"{scheme}://ann:secret@db:5433/groups?sslmode=require"
    settings = Settings.from_env({"GROUPS_DATABASE_URL": url})
    assert settings.database_url == SecretStr("postgresql://ann:secret@db:5433/groups?sslmode=require")


@pytest.mark.parametrize("master", ["local", "local[2]", "local[*]", "local[2,4]", "yarn", "spark://h:7077", "k8s://h"])
def test_spark_masters(master: str) -> None:
    assert Settings.from_env({"SPARK_MASTER": master}).spark_master == master


def test_a_valkey_url_is_one_that_redis_reads() -> None:
    assert Settings.from_env({"GROUPS_VALKEY_URL": "valkeys://cache:6380/1"}).valkey_url == SecretStr(
        "rediss://cache:6380/1"
    )
    assert Settings.from_env({"GROUPS_VALKEY_URL": "unix:///run/cache"}).valkey_url == SecretStr("unix:///run/cache")


@pytest.mark.parametrize(
    ("value", "approval"),
    [
        ("", False),
        ("off", False),
        ("required", True),
        ("norrvik", frozenset({"norrvik"})),
        ("norrvik, norrvik-labs", frozenset({"norrvik", "norrvik-labs"})),
    ],
)
def test_s34_purges_need_a_second_admin_nowhere_everywhere_or_in_domains(
    value: str, approval: bool | frozenset[str]
) -> None:
    assert Settings.from_env({"GROUPS_PURGE_APPROVAL": value}).purge_approval == approval


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings.from_env({}).source = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GROUPS_DATABASE_URL", "mysql://ann:secret@db/x"),
        ("GROUPS_DATABASE_URL", "ann:secret@db/x"),
        ("GROUPS_DATABASE_URL", "postgresql://ann:secret@db:port/x"),
        ("GROUPS_DATABASE_URL", "postgresql:/ann:secret@db/x"),
        ("GROUPS_DATABASE_URL", "sqlite:///secret"),
        ("GROUPS_DATABASE_URL", "postgresql://ann:p@secret@db/x"),
        ("GROUPS_DATABASE_URL", "postgresql://ann:p/secret@db/x"),
        ("GROUPS_DATABASE_URL", "postgresql://ann:1/secret@db/x"),
        ("GROUPS_DATABASE_URL", "postgresql://ann:p?secret@db/x"),
        ("GROUPS_DATABASE_URL", "postgresql://ann:p#secret@db/x"),
        ("GROUPS_DATABASE_URL", "postgresql://ann:100%secret@db/x"),
        ("GROUPS_DATABASE_URL", "postgresql://ann:%00secret@db/x"),
        ("GROUPS_DATABASE_URL", "postgresql://db?password=p@secret"),
        ("GROUPS_DATABASE_URL", "postgresql://ann:p secret@db/x"),
        ("GROUPS_LAKE", "~no-such-user/lake"),
        ("GROUPS_SOURCE", "nosuch://bucket"),
        ("GROUPS_SOURCE", "file://host/data"),
        ("GROUPS_REPORT_URL", "file://ann:secret@host/data"),
        ("SPARK_MASTER", "localhost:7077"),
        ("SPARK_MASTER", "local[two]"),
        ("SPARK_REMOTE", "http://localhost"),
        ("SPARK_REMOTE", "sc://"),
        ("SPARK_REMOTE", "https://host/;token=secret"),
        ("SPARK_REMOTE", "sc://;x-auth=secret"),
        ("GROUPS_VALKEY_URL", "http://:secret@cache"),
        ("GROUPS_VALKEY_URL", "valkey://:secret@cache:63s79/0"),
        ("GROUPS_TIMEZONE", "Mars/Olympus"),
        ("GROUPS_TIMEZONE", "../etc/passwd"),
        *(("GROUPS_PURGE_APPROVAL", value) for value in ("true", "on", "1", "norrvik,", "off,norrvik", "required,off")),
        ("GROUPS_REJECTED_LIMIT", "ten percent"),
        ("GROUPS_REJECTED_LIMIT", "1.5"),
        ("GROUPS_REJECTED_LIMIT", "nan"),
        ("GROUPS_REJECTED_LIMIT", "-0.1"),
        ("GROUPS_FILE_LIMIT", "much"),
        ("GROUPS_FILE_LIMIT", "0"),
        ("GROUPS_FILE_LIMIT", "-5"),
        ("GROUPS_FILE_LIMIT", "1.5g"),
        ("GROUPS_FILE_LIMIT", "3g"),
        ("GROUPS_FILE_LIMIT", "2147483649"),
        ("GROUPS_FILE_LIMIT", "9" * 5000),
        ("GROUPS_FILE_LIMIT", "\u0665m"),
    ],
)
def test_a_value_that_cannot_work_is_one_sentence_that_names_it(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting) as refused:
        Settings.from_env({name: value})
    said = str(refused.value)
    assert name in said
    assert "\n" not in said
    assert "secret" not in said
    assert "Traceback" not in said
    assert refused.value.code == "invalid_setting"


def test_how_to_write_a_database_url_is_not_taken_for_one() -> None:
    with pytest.raises(InvalidSetting, match="with user:password@ before the host") as refused:
        Settings.from_env({"GROUPS_DATABASE_URL": "moon"})
    assert "***" not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "size"),
    [("", FILE_LIMIT), ("1", 1), ("5000", 5000), ("64k", 65536), ("512m", 512 * 2**20), (" 1G ", 2**30), ("2g", 2**31)],
)
def test_the_limit_of_a_file_is_bytes_or_binary_units(value: str, size: int) -> None:
    assert Settings.from_env({"GROUPS_FILE_LIMIT": value}).file_limit == size


def test_a_source_with_credentials_in_it_is_not_repeated() -> None:
    with pytest.raises(InvalidSetting) as refused:
        Settings.from_env({"GROUPS_SOURCE": "nosuch://ann:secret@host/path"})
    assert "secret" not in str(refused.value)


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(InvalidSetting, match="GROUPS_HOME"):
        Settings.from_env({"GROUPS_HOME": str(tmp_path / "home")})


def test_a_cluster_and_a_connect_server_at_once_are_refused() -> None:
    with pytest.raises(InvalidSetting, match=r"SPARK_MASTER and SPARK_REMOTE"):
        Settings.from_env({"SPARK_MASTER": "local", "SPARK_REMOTE": "sc://h"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GROUPS_DATABASE_URL", "postgresql://ann:secret@db/x"),
        ("GROUPS_SOURCE", "s3://key:secret@bucket/path"),
        ("GROUPS_LAKE", "s3a://key:secret@bucket/path"),
        ("GROUPS_VALKEY_URL", "valkey://:secret@cache"),
        ("SPARK_REMOTE", "sc://host:15002/;x-auth=secret"),
        ("SPARK_CONNECT_AUTHENTICATE_TOKEN", "secret"),
    ],
)
def test_a_secret_is_not_in_the_text_of_settings(name: str, value: str) -> None:
    settings = Settings.from_env({name: value})
    given = getattr(settings, next(n for n, f in Settings.model_fields.items() if f.validation_alias == name))
    assert "secret" in (given if isinstance(given, str) else given.get_secret_value())
    assert "secret" not in repr(settings)


def test_every_setting_is_in_the_help() -> None:
    lines = (
        CliRunner().invoke(cli, ["--help"]).output.partition("Settings, as environment variables:\n")[2].splitlines()
    )
    table = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]
    assert table == [setting.validation_alias for setting in Settings.model_fields.values()]
    assert {"GROUPS_REJECTED_LIMIT", "JAVA_HOME", "SPARK_CONNECT_AUTHENTICATE_TOKEN"} < set(table)
    assert max(map(len, lines)) <= 100


def test_an_error_has_a_code_and_facts() -> None:
    error = PlatformError("Something is wrong. Do this.", group_id=5)
    assert (str(error), error.code, error.facts) == (
        "Something is wrong. Do this.",
        "platform_error",
        {"group_id": 5},
    )


def test_s23_storage_hosts_have_names(tmp_path: Path) -> None:
    settings = Settings.from_env(
        {"GROUPS_VFOLDER_HOSTS": f"local={tmp_path}, s3=s3://key:secret@bucket/vf", "GROUPS_HOME": str(tmp_path)}
    )
    assert settings.vfolder_hosts == {"local": str(tmp_path), "s3": "s3://key:secret@bucket/vf"}
    assert "secret" not in repr(settings)
    assert Settings.from_env({"GROUPS_HOME": "/a,b=c"}).vfolder_hosts == {"local": "/a,b=c/vfolders"}


@pytest.mark.parametrize("hosts", ["/path", "=/path", "local=", "a=/x,a=/y", "a=nosuch://user:secret@x"])
def test_s23_hosts_that_cannot_work_are_refused_without_showing_them(hosts: str) -> None:
    with pytest.raises(InvalidSetting, match="GROUPS_VFOLDER_HOSTS") as refused:
        Settings.from_env({"GROUPS_VFOLDER_HOSTS": hosts})
    assert "secret" not in str(refused.value)
