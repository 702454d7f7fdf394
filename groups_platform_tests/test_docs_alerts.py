"""The examples of addresses on the pages are addresses."""

from __future__ import annotations

import re

import pytest
from pydantic import SecretStr

from groups_platform.alerts.receivers import read_receivers
from groups_platform.settings import PACKAGE, Settings

PAGE = PACKAGE.parent / "docs" / "operations.md"
EXAMPLES = re.findall(r"^export GROUPS_ALERTS='([^']+)'", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("example", "scheme"), [*zip(EXAMPLES, ("mailtos", "slack", "jsons"), strict=True)])
def test_p20_an_example_of_an_address_is_read(example: str, scheme: str) -> None:
    (receiver,) = read_receivers(Settings(alerts=SecretStr(example)))
    assert receiver.scheme == scheme
