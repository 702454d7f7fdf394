"""What lies beside the code is found: in a clone at the top of the repository, in a wheel inside the package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from groups_platform.database.sql_files import read_sql, sql_folder
from groups_platform.directory.source import list_days
from groups_platform.settings import PACKAGE, find_resource


def test_sql_and_sample_data_are_found() -> None:
    folders = ["alerts", "checks", "directory", "locks", "manager", "migrations", "provisioning", "report", "runs"]
    assert sorted(path.name for path in sql_folder().iterdir()) == folders
    assert list_days(str(find_resource("sample_data"))) == ["day1", "day2", "day3", "day4", "day5"]
    assert find_resource("workspace.yaml").is_file()


def test_they_are_found_from_any_folder(tmp_path: Path) -> None:
    program = "from groups_platform.settings import find_resource as f; print(f('sql'), f('sample_data'))"
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60
    ).stdout.split()
    assert [Path(path).is_dir() for path in said] == [True, True]


def test_every_resource_of_the_repository_goes_into_the_wheel() -> None:
    pyproject = (PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8")
    included = pyproject.split("force-include]")[1].split("[")[0]
    for name in ("sql", "sample_data", "workspace.yaml"):
        assert f'"{name}" = "groups_platform/{name}"' in included


def test_every_sql_file_is_read_once_and_by_its_name() -> None:
    for path in sql_folder().rglob("*.sql"):
        name = path.relative_to(sql_folder()).with_suffix("").as_posix()
        assert read_sql(name) is read_sql(name)
        assert read_sql(name).as_string(None) == path.read_text(encoding="utf-8")
