"""P21: pages in files and in folders of any file system, each whole, with the newest day and a list of all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import fsspec
import pytest

from groups_platform.errors import ReportNotWritten
from groups_platform.report.publish import make_page, page_name, publish, write_file
from groups_platform_tests.days import agent, group, write_day
from groups_platform_tests.report.page_reader import read_page
from groups_platform_tests.staged_by_hand import sync_by_hand


def links_of(content: bytes) -> list[str]:
    return [value for tag, _, value in read_page(content).links if tag == "a"]


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_p21_a_day_is_published_with_the_newest_day_and_a_list(sample_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "reports"
    page = make_page(sample_url, "day5")
    told = publish(sample_url, str(folder), page)
    files = files_of(folder)
    assert files.keys() == {"day5.html", "latest.html", "index.html"}
    assert files["day5.html"] == files["latest.html"] == page.content
    assert links_of(files["index.html"]) == ["latest.html", "day5.html"]
    assert told == tuple(f"{folder}/{name}" for name in ("day5.html", "latest.html", "index.html"))


def test_p21_an_older_day_leaves_the_newest_one_the_newest(sample_url: str, tmp_path: Path) -> None:
    publish(sample_url, str(tmp_path), make_page(sample_url, "day2"))
    files = files_of(tmp_path)
    assert files.keys() == {"day2.html", "day5.html", "latest.html", "index.html"}
    assert files["latest.html"] == files["day5.html"] == make_page(sample_url, "day5").content
    assert links_of(files["index.html"]) == ["latest.html", "day5.html", "day2.html"]


def test_p21_publishing_again_changes_no_byte_and_leaves_nothing_behind(sample_url: str, tmp_path: Path) -> None:
    for _ in range(2):
        publish(sample_url, str(tmp_path), make_page(sample_url, "day5"))
        first = files_of(tmp_path)
    publish(sample_url, str(tmp_path), make_page(sample_url, "day5"))
    assert files_of(tmp_path) == first


def test_p21_any_file_system_takes_pages(sample_url: str) -> None:
    told = publish(sample_url, "memory://bucket/reports/", make_page(sample_url, "day5"))
    memory = fsspec.filesystem("memory")
    assert memory.cat_file("/bucket/reports/latest.html") == make_page(sample_url, "day5").content
    assert told[-1] == "memory://bucket/reports/index.html"


def test_p21_a_page_in_a_file_is_replaced_as_a_whole_and_can_be_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "report.html"
    for content in (b"one", b"two"):
        write_file(path, content)
    assert path.read_bytes() == b"two"
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_p21_a_file_that_cannot_be_written_leaves_what_was_there_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(ReportNotWritten, match=r"cannot be written to .*: .*\. Choose another file"):
        write_file(tmp_path / "report.html", b"page")
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    "target", ["ftp://ada:secret@127.0.0.1:1/x", "nosuch://ada:secret@host/x", "{folder}/file/reports"], ids=str
)
def test_p21_a_folder_that_cannot_be_written_is_an_error_without_secrets(
    sample_url: str, tmp_path: Path, target: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ReportNotWritten) as raised:
        publish(sample_url, target.format(folder=tmp_path), make_page(sample_url, "day5"))
    assert "GROUPS_REPORT_URL" in str(raised.value)
    assert "secret" not in f"{raised.value} {raised.value.facts}"


def test_p21_a_day_may_be_called_as_one_of_the_other_files(database_url: str, tmp_path: Path) -> None:
    assert {label: page_name(label) for label in ("day1", "Latest", "index")} == {
        "day1": "day1.html",
        "Latest": "Latest.day.html",
        "index": "index.day.html",
    }
    source: Any = write_day(tmp_path / "sync-index", [group(1, [5])], [agent(5)])
    sync_by_hand(database_url, "index", source)
    publish(database_url, str(tmp_path / "reports"), make_page(database_url, "index"))
    files = files_of(tmp_path / "reports")
    assert files.keys() == {"index.day.html", "latest.html", "index.html"}
    assert links_of(files["index.html"]) == ["latest.html", "index.day.html"]
