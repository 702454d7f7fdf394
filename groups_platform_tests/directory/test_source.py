"""D1: which sync days there are, in which order, and which files make a day."""

from __future__ import annotations

import os
import random
import socket
import time
import zipfile
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import fsspec
import pyarrow as pa
import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from pyspark.sql import SparkSession

from groups_platform.directory.batches import FileReader
from groups_platform.directory.day_names import in_natural_order, natural_key
from groups_platform.directory.snapshot import GROUPS, arrow_schema, count_snapshot, read_into_lake
from groups_platform.directory.source import (
    SourceFile,
    _seconds,
    fingerprint_of,
    list_day,
    list_days,
    list_source,
    open_file,
)
from groups_platform.errors import SourceUnavailable, UnknownSyncDay
from groups_platform_tests.days import agent, group, write_day, write_file
from groups_platform_tests.oracle import natural_order


def read_file(day_url: str, path: str) -> bytes:
    with open_file(day_url, path) as stream:
        return stream.read()


def test_days_are_in_natural_order() -> None:
    assert in_natural_order(["day10", "day2", "day1", "day100"]) == ["day1", "day2", "day10", "day100"]
    assert in_natural_order(["2026-01-02", "2025-12-31", "2026-01-01"]) == [
        "2025-12-31",
        "2026-01-01",
        "2026-01-02",
    ]
    assert in_natural_order(["v2-day1", "v1-day10", "v1-day9"]) == ["v1-day9", "v1-day10", "v2-day1"]
    assert in_natural_order(["b1", "a2", "a"]) == ["a", "a2", "b1"]
    assert in_natural_order(["Day10", "day3", "Day2", "day1", "DAY2", "day2"]) == [
        "day1",
        "day2",
        "DAY2",
        "Day2",
        "day3",
        "Day10",
    ]


def test_the_order_that_is_stored_with_applied_days_stays_as_it_was() -> None:
    """sync_days has these keys; a new delivery must not put its days into another order than the rows have."""
    stored = {"day1": "day0011", "day10": "day00210", "2026-11-04": "0042026-00211-0014", "v2-day01": "v0012-day0011"}
    assert {label: natural_key(label) for label in stored} == stored


def test_labels_that_differ_in_case_only_have_keys_of_their_own() -> None:
    """A database may sort texts by another alphabet than Python: the key alone must decide."""
    labels = ["day2", "Day2", "DAY2", "day2b", "day2-x", "Day2-x", "day20"]
    assert sorted(labels, key=natural_key) == in_natural_order(labels)
    assert len({natural_key(label) for label in labels}) == len(labels)


def test_a_server_that_refuses_is_a_sentence_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems connect where they are made, others at the first question."""
    for ask in (list_days, lambda source: list_day(source, "day1")):
        with pytest.raises(SourceUnavailable, match=r"ftp://\*\*\*@127.0.0.1:1/ cannot be listed: .*refused"):
            ask("ftp://ada:secret@127.0.0.1:1/")

    def refuse(*_: Any) -> None:
        raise RuntimeError("memory://ada:secret@host/ says no")

    monkeypatch.setattr(MemoryFileSystem, "isdir", refuse)
    with pytest.raises(SourceUnavailable, match=r"cannot be listed: memory://\*\*\*@host/ says no") as refused:
        list_day("memory://ada:secret@host/", "day1")
    assert "secret" not in str(refused.value.facts)


def test_natural_order_holds_for_any_numbers() -> None:
    rng = random.Random(3)
    for _ in range(2000):
        one, other = (
            f"day{'0' * rng.randrange(3)}{rng.randrange(10 ** rng.randrange(1, 25))}{rng.choice(['', 'b', 'b7'])}"
            for _ in range(2)
        )
        assert (natural_key(one) < natural_key(other)) == (natural_order(one) < natural_order(other)), (one, other)


def test_only_folders_that_are_named_as_a_sync_day_count(tmp_path: Path) -> None:
    for name in ("sync-day10", "sync-day9", "sync-2026-01-01", "sync-", "sync-.x", "day3", "sync-a b", "Sync-day1"):
        (tmp_path / name).mkdir()
    write_file(tmp_path / "sync-file", "not a folder")
    assert list_days(str(tmp_path)) == ["2026-01-01", "day9", "day10"]


def test_an_unknown_day_names_the_days_that_there_are(tmp_path: Path) -> None:
    (tmp_path / "sync-day10").mkdir()
    (tmp_path / "sync-day9").mkdir()
    with pytest.raises(UnknownSyncDay, match=r"no folder sync-day1\..*day9, day10"):
        list_day(str(tmp_path), "day1")


NEARLY = {
    "sync_2026-11-04": "does not begin with sync-. Rename it to sync-2026-11-04.",
    "sync-2026.11.05": "'.' may not be in it. Rename it to sync-2026-11-05.",
    "sync-2026-11-06T00:00:00Z": "':' may not be in it. Rename it to sync-2026-11-06.",
    "sync-2026-11-06T12:30:00Z": "Rename it to sync-2026-11-06T12-30-00Z.",
    "sync-day7 ": "' ' may not be in it. Rename it to sync-day7.",
    " sync-day8": "Rename it to sync-day8.",
    "sync-a b": "Rename it to sync-a-b.",
    "Sync-day9": "Rename it to sync-day9.",
    "sync-day.1": "'.' may not be in it. Rename it to sync-day-1.",
    "syncday10": "Rename it to sync-day10.",
    "sync 11": "Rename it to sync-11.",
    "sync-größe": "'ß' and 'ö' may not be in it. Rename it to sync-gr-e.",
    "sync-" + "x" * 101: "more than 100 signs follow sync-. Rename it to sync-" + "x" * 100,
    "sync-": "nothing follows sync-. Rename it to sync-<day>.",
    "sync--1": "a letter or a digit must follow sync-. Rename it to sync-1.",
    "sync_day1": "and sync-day1 is there already. Remove one of them.",
    "sync-replay": "replay is the name by which a replay is approved. Rename it to sync-<day>.",
    "sync-provisioning": "provisioning is the name by which provisioning is approved. Rename it to sync-<day>.",
    "sync.d": "Rename it to sync-d.",
}
OTHERS = {"day3", "synchronised", "lake", "async-1"}
OF_ITS_WRITER = [".sync-day1.tmp", "_sync-day1"]


def test_p13_a_folder_that_is_nearly_a_sync_day_is_named_with_the_name_to_use(tmp_path: Path) -> None:
    for name in [*NEARLY, *OTHERS, *OF_ITS_WRITER, "sync-day1"]:
        (tmp_path / name).mkdir()
    write_file(tmp_path / "sync-day2", "a file")
    write_file(tmp_path / "sync-day3.zip", "a file")
    write_file(tmp_path / "sync-notes.txt", "a file")
    listing = list_source(str(tmp_path))
    assert listing.labels == ["day1"]
    ignored = {folder.name: folder.reason for folder in listing.ignored if folder.is_near}
    assert ignored.keys() == {*NEARLY, "sync-day2", "sync-day3.zip"}
    others = {folder.name: folder.reason for folder in listing.ignored if not folder.is_near}
    assert others == dict.fromkeys(OTHERS, "It is not read: its name is not sync-<day>.")
    assert {name: reason in ignored[name] for name, reason in NEARLY.items()} == dict.fromkeys(NEARLY, True)
    assert ignored["sync-day3.zip"] == "It is not read: it is a file. Deliver the folder sync-day3."


def test_p13_a_listing_of_the_source_is_that_of_each_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = [f"day{number}" for number in range(12)]
    for label in labels:
        write_day(tmp_path / f"sync-{label}", [group(1)], [agent(5)], files={"agents/sub/a.json": "[]"})
    days = tuple(list_day(str(tmp_path), label) for label in labels)
    asked: list[str] = []

    def spy(name: str) -> None:
        asks = getattr(LocalFileSystem, name)

        def ask(fs: LocalFileSystem, path: str, **options: Any) -> Any:
            asked.append(path)
            return asks(fs, path, **options)

        monkeypatch.setattr(LocalFileSystem, name, ask)

    spy("ls")
    spy("isdir")
    assert list_source(str(tmp_path)).days == days
    assert len(asked) == len(set(asked)) == 1 + 12 * 4  # each folder once


def test_p13_a_day_that_cannot_be_listed_does_not_hide_the_others(tmp_path: Path) -> None:
    for label in ("day1", "day2", "day3"):
        write_day(tmp_path / f"sync-{label}", [group(1)], [agent(5)])
    (tmp_path / "sync-day2" / "agents" / "again").symlink_to(tmp_path / "sync-day2")
    listing = list_source(str(tmp_path))
    assert [day.label for day in listing.days] == ["day1", "day3"]
    assert listing.labels == ["day1", "day2", "day3"]
    assert "links to a folder that it is in" in listing.broken["day2"]


def test_a_day_whose_name_is_wrong_is_called_that(tmp_path: Path) -> None:
    (tmp_path / "sync-a b").mkdir()
    with pytest.raises(
        UnknownSyncDay, match=r"The folder sync-a b of .* ' ' may not be in it\. Rename it to sync-a-b\."
    ):
        list_day(str(tmp_path), "a b")
    with pytest.raises(UnknownSyncDay, match=r"has no folder sync-b c\. Days there: none\."):
        list_day(str(tmp_path), "b c")


def test_a_source_that_is_a_file_is_called_that(tmp_path: Path) -> None:
    write_file(tmp_path / "days.json", "[]")
    for ask in (list_days, list_source, lambda source: list_day(source, "day1")):
        with pytest.raises(SourceUnavailable, match=r"days\.json is a file\. GROUPS_SOURCE"):
            ask(str(tmp_path / "days.json"))


def test_d1_links_are_followed_and_a_changed_target_changes_the_fingerprint(tmp_path: Path) -> None:
    write_day(tmp_path / "elsewhere", [group(1)], [agent(5)])
    write_file(tmp_path / "far" / "more.json", "[]")
    (tmp_path / "elsewhere" / "agents" / "apac").symlink_to(tmp_path / "far")
    (tmp_path / "elsewhere" / "agents" / "link.json").symlink_to(tmp_path / "far" / "more.json")
    (tmp_path / "elsewhere" / "agents" / "gone.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "sync-day1").symlink_to(tmp_path / "elsewhere")
    assert list_days(str(tmp_path)) == ["day1"]
    day = list_day(str(tmp_path), "day1")
    paths = [file.path for file in day.files_under("agents")]
    assert paths == ["agents/agents.json", "agents/apac/more.json", "agents/gone.json", "agents/link.json"]
    os.utime(tmp_path / "far" / "more.json", (1, 1))
    changed = {file.path for file in set(list_day(str(tmp_path), "day1").files) - set(day.files)}
    assert changed == {"agents/apac/more.json", "agents/link.json"}


def test_d14_what_cannot_be_listed_as_a_whole_is_not_read_in_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_day(tmp_path / "sync-day1", [group(1)], [agent(5)])
    (tmp_path / "sync-day1" / "agents" / "emea").mkdir()
    listed = LocalFileSystem.ls

    def ls(fs: LocalFileSystem, path: str, **options: Any) -> Any:  # root may list what has no rights at all
        if path.endswith("emea"):
            raise PermissionError(13, "Permission denied", path)
        return listed(fs, path, **options)

    monkeypatch.setattr(LocalFileSystem, "ls", ls)
    with pytest.raises(SourceUnavailable, match=r"cannot be listed as a whole.*Permission denied.*emea"):
        list_day(str(tmp_path), "day1")


def test_p1_what_is_not_read_is_not_listed_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer's own folders come and go while the day is listed."""
    day = write_day(tmp_path / "sync-day1", [group(1)], [agent(5)])
    write_file(day / "agents" / "_temporary" / "0" / "part-0.json", '{"id": 6}')
    (day / "agents" / ".loop").symlink_to(day)
    listed = LocalFileSystem.ls

    def ls(fs: LocalFileSystem, path: str, **options: Any) -> Any:
        if "_temporary" in path:
            raise FileNotFoundError(2, "No such file or directory", path)
        return listed(fs, path, **options)

    monkeypatch.setattr(LocalFileSystem, "ls", ls)
    assert [file.path for file in list_day(str(tmp_path), "day1").files_under("agents")] == ["agents/agents.json"]


def test_d14_a_folder_that_links_to_itself_is_no_endless_day(tmp_path: Path) -> None:
    write_day(tmp_path / "sync-day1", [group(1)], [agent(5)])
    (tmp_path / "sync-day1" / "agents" / "again").symlink_to(tmp_path / "sync-day1")
    with pytest.raises(SourceUnavailable, match="links to a folder that it is in"):
        list_day(str(tmp_path), "day1")


NOT_TEXT = os.fsdecode(b"gr\xffn\xe9.json")


@pytest.mark.parametrize("path", [f"admin_groups/{NOT_TEXT}", f"agents/{NOT_TEXT}/a.jsonl.gz"])
def test_a_file_whose_name_is_not_utf8_is_named(tmp_path: Path, path: str) -> None:
    write_day(tmp_path / "sync-day1", [group(1)], [agent(5)], files={path: "[]"})
    with pytest.raises(
        SourceUnavailable, match=r"sync-day1 of .*not UTF-8: .*gr\\xffn\\xe9\.json.*rename it"
    ) as refused:
        list_day(str(tmp_path), "day1")
    str(refused.value).encode()


def test_a_name_that_is_not_utf8_matters_only_where_files_are_read(tmp_path: Path) -> None:
    names = [f"admin_groups/{NOT_TEXT}.bak", f"admin_groups/.{NOT_TEXT}", f"other/{NOT_TEXT}", NOT_TEXT]
    write_day(tmp_path / "sync-day1", files={**dict.fromkeys(names, "[]"), "admin_groups/\\udcff.json": "[]"})
    assert [file.path for file in list_day(str(tmp_path), "day1").files] == ["admin_groups/\\udcff.json"]


def test_what_is_no_regular_file_is_a_finding_and_never_opened(tmp_path: Path) -> None:
    folder = write_day(tmp_path / "sync-day1", [group(1), group(2)]) / "admin_groups"
    os.mkfifo(folder / "pipe.json")
    (folder / "link.jsonl").symlink_to(folder / "pipe.json")
    (folder / "device.jsonl").symlink_to("/dev/zero")
    (folder / "gone.json").symlink_to(folder / "nowhere")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "socket.json"))
        day = list_day(str(tmp_path), "day1")
        paths = tuple(file.path for file in day.files)
        read = FileReader(GROUPS.format, day.url, ("admin_groups",), (paths,), arrow_schema(GROUPS.schema))
        batches = list(read(iter([pa.record_batch({"task": [0]})])))
    rows = [row for batch in batches for row in batch.to_pylist()]
    special = "cannot be opened: it is a pipe, a socket or a device, which is never read. Remove it (byte 0)"
    assert {
        row["file"]: (row["records"], [fault["detail"] for fault in row["faults"]])
        for row in rows[1:]
        if row["entry"] == "file"
    } == {
        "admin_groups/groups.json": (2, []),
        "admin_groups/gone.json": (0, ["cannot be opened: No such file or directory (byte 0)"]),
        **{
            f"admin_groups/{name}": (0, [special])
            for name in ("pipe.json", "link.jsonl", "device.jsonl", "socket.json")
        },
    }
    assert sum(row["entry"] == "record" for row in rows) == 2


def test_a_file_that_cannot_be_opened_is_found_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise FileNotFoundError("https://ada:secret@host/admin_groups/a.json")  # as file systems of servers do

    monkeypatch.setattr(MemoryFileSystem, "_open", refuse)
    read = FileReader(
        GROUPS.format, "memory://host", ("admin_groups",), (("admin_groups/a.json",),), arrow_schema(GROUPS.schema)
    )
    rows = [row for batch in read(iter([pa.record_batch({"task": [0]})])) for row in batch.to_pylist()]
    (fault,) = rows[-1]["faults"]
    assert fault["detail"] == "cannot be opened: https://***@host/admin_groups/a.json (byte 0)"


def test_a_source_that_cannot_be_listed_is_one_sentence(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    with pytest.raises(SourceUnavailable, match="GROUPS_SOURCE"):
        list_days(missing)
    with pytest.raises((SourceUnavailable, UnknownSyncDay)):
        list_day(missing, "day1")


def test_d1_the_files_of_a_day_are_the_readable_ones_of_its_three_folders(tmp_path: Path) -> None:
    readable = [
        "admin_groups/a.json",
        "admin_groups/sub/b.JSONL",
        "agents/c.ndjson.gz",
        "agents/part.json/d.json.GZ",
        "agent_details/e.json",
    ]
    other = [
        "_SUCCESS",
        "a.json",
        "other/a.json",
        "admin_groups/.hidden.json",
        "admin_groups/.tmp/a.json",
        "admin_groups/_temporary/0/part-0.json",
        "admin_groups/_metadata.json",
        "admin_groups/_manifest.json",
        "admin_groups/_SUCCESS/a.json",
        "agents/sub/_committed_1.jsonl",
        "_agents/a.json",
        "admin_groups/a.json.bak",
        "admin_groups/README.txt",
        "admin_groups/json",
        "admin_groups_moved/a.json",
    ]
    write_day(tmp_path / "sync-day1", files=dict.fromkeys([*readable, *other], "[]"))
    day = list_day(str(tmp_path), "day1")
    assert [file.path for file in day.files] == sorted(readable)
    assert [file.path for file in day.files_under("admin_groups")] == readable[:2]
    assert day.folders == {"admin_groups", "agents", "agent_details"}
    assert {file.size for file in day.files} == {2}
    assert day.is_complete
    assert read_file(day.url, "admin_groups/sub/b.JSONL") == b"[]"


def test_an_empty_folder_is_there_and_a_missing_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "sync-day1" / "admin_groups").mkdir(parents=True)
    day = list_day(str(tmp_path), "day1")
    assert (day.folders, day.files, day.is_complete) == ({"admin_groups"}, (), False)


def test_p9_a_marker_counts_if_no_file_is_newer(tmp_path: Path) -> None:
    day = write_day(tmp_path / "sync-day1", [group(1)], [agent(5)], files={"manifest.json": "{}"})
    time.sleep(0.02)  # longer than a clock of files takes for a step

    def is_complete() -> bool:
        return list_day(str(tmp_path), "day1").is_complete

    assert not list_day(str(tmp_path), "day1").is_marked
    (day / "_SUCCESS").touch()
    assert is_complete()
    (day / "README.md").touch()
    write_file(day / "agents" / "_temporary" / "a.json", "")
    assert is_complete(), "neither is read"
    later = time.time() + 60
    for path in ("agents/agents.json", "manifest.json"):
        os.utime(day / path, (later, later))
        assert (is_complete(), list_day(str(tmp_path), "day1").is_marked) == (False, True)
        os.utime(day / "_SUCCESS", (later, later))
        assert is_complete()
        later += 60


def test_p9_a_copy_with_the_times_of_its_original_is_as_new_as_it_is(tmp_path: Path) -> None:
    """As rsync makes it, which also brings the marker before what comes later in the alphabet."""
    before = time.time() - 1
    day = write_day(tmp_path / "sync-day1", [group(1)], [agent(5)], files={"_SUCCESS": ""})
    for path, age in (("_SUCCESS", 1000), ("admin_groups/groups.json", 2000), ("agents/agents.json", 3000)):
        os.utime(day / path, (before - age, before - age))
    listed = list_day(str(tmp_path), "day1")
    assert listed.changed_at is not None
    assert (listed.is_complete, listed.changed_at > before) == (False, True)


def test_p9_a_file_that_went_is_a_change(tmp_path: Path) -> None:
    day = write_day(tmp_path / "sync-day1", [group(1)], [agent(5)], files={"agents/more.json": "[]"})
    first = list_day(str(tmp_path), "day1").changed_at
    time.sleep(0.02)
    (day / "agents" / "more.json").unlink()
    assert (list_day(str(tmp_path), "day1").changed_at or 0) > (first or 0) > 0


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (1.5, 1.5),
        (datetime(1970, 1, 1, 0, 1, tzinfo=timezone.utc), 60),
        (datetime(1970, 1, 1, 0, 1), 60),
        ("1970-01-01T00:01:00Z", 60),
        ("1970-01-01T01:01:00+01:00", 60),
        ("yesterday", None),
        (None, None),
        ((1970, 1, 1), None),
    ],
)
def test_file_systems_tell_times_in_their_own_way(told: object, seconds: float | None) -> None:
    assert _seconds(told) == seconds


def changed(path: Path, content: str) -> None:
    """Write, and move the clock of the file on, which a fast test does not."""
    write_file(path, content)
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 1_000_000))


def test_the_fingerprint_changes_with_the_files_and_with_nothing_else(tmp_path: Path) -> None:
    day = write_day(tmp_path / "sync-day1", [group(1)], [agent(1)])
    seen = [list_day(str(tmp_path), "day1").fingerprint]

    write_file(day / "_SUCCESS", "")
    write_file(day / "admin_groups" / ".hidden.json", "[]")
    write_file(day / "admin_groups" / "notes.txt", "x")
    (day / "agent_details").mkdir()
    assert list_day(str(tmp_path), "day1").fingerprint == seen[0]

    changed(day / "agents" / "agents.json", (day / "agents" / "agents.json").read_text().replace("1", "2"))
    seen.append(list_day(str(tmp_path), "day1").fingerprint)
    write_file(day / "agents" / "more.json", "[]")
    seen.append(list_day(str(tmp_path), "day1").fingerprint)
    (day / "agents" / "more.json").rename(day / "agents" / "other.json")
    seen.append(list_day(str(tmp_path), "day1").fingerprint)
    (day / "agents" / "other.json").unlink()
    assert len(set(seen)) == 4
    assert list_day(str(tmp_path), "day1").fingerprint == seen[1]


def test_a_new_delivery_of_the_platform_does_not_run_every_day_again() -> None:
    files = [
        SourceFile("agents/größe 'a' \"b\".json", 0, ""),
        SourceFile("admin_groups/groups.json", 12345, "1718000000.25"),
        SourceFile("agents/a\\b.jsonl.gz", 2**40, '"5d41402abc4b2a76b9719d911017c592"'),
    ]
    assert fingerprint_of(files) == fingerprint_of(files[::-1]) == "7721072cc12a210d0fc86aee4a37db97"
    assert fingerprint_of([]) == "4f53cda18c2baa0c0354bb5f9a3ecbe5"


@pytest.mark.parametrize("name", ["sync day", "größe #1%20?*[x]", "a+b&c"])
def test_the_source_may_have_any_name(tmp_path: Path, name: str) -> None:
    write_day(tmp_path / name / "sync-day1", files={f"admin_groups/{name}.json": "[1]"})
    assert list_days(str(tmp_path / name)) == ["day1"]
    day = list_day(f"{tmp_path / name}/", "day1")
    assert [read_file(day.url, file.path) for file in day.files] == [b"[1]"]


@pytest.fixture
def zipped(tmp_path: Path) -> str:
    """The URL of a source inside a zip file."""
    day = write_day(tmp_path / "sync-day1", [group(1), group(2)], [agent(1)], files={"_SUCCESS": ""})
    with zipfile.ZipFile(tmp_path / "source.zip", "w") as archive:
        for path in sorted(day.rglob("*")):
            archive.write(path, path.relative_to(tmp_path))
    return f"zip://::file://{tmp_path / 'source.zip'}"


def test_a_source_may_be_any_url_of_fsspec(zipped: str) -> None:
    assert list_days(zipped) == ["day1"]
    day = list_day(zipped, "day1")
    assert [file.path for file in day.files] == ["admin_groups/groups.json", "agents/agents.json"]
    assert (day.folders, day.is_complete) == ({"admin_groups", "agents"}, True)
    assert read_file(day.url, "agents/agents.json").startswith(b"[{")


def test_the_executors_read_from_any_url_of_fsspec(spark: SparkSession, zipped: str, tmp_path: Path) -> None:
    raw = read_into_lake(spark, list_day(zipped, "day1"), GROUPS, str(tmp_path / "lake")).rows
    assert count_snapshot(raw).accepted == 2


@pytest.fixture
def memory_source() -> Iterator[str]:
    files = fsspec.filesystem("memory")
    files.pipe("/upstream/sync-day2/admin_groups/a.json", b"[]")
    files.pipe("/upstream/sync-day10/agents/sub/a.jsonl.gz", b"12")
    yield "memory://upstream"
    files.rm("/upstream", recursive=True)


def test_a_source_in_an_object_store_has_no_real_folders(memory_source: str) -> None:
    for source in (memory_source, memory_source + "/"):
        assert list_days(source) == ["day2", "day10"]
        day = list_day(source, "day10")
        assert [(file.path, file.size) for file in day.files] == [("agents/sub/a.jsonl.gz", 2)]
        assert day.folders == {"agents"}
        assert read_file(day.url, "agents/sub/a.jsonl.gz") == b"12"
