"""The setting GROUPS_ALERTS: what is an address, and what is said of one that is none."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from groups_platform.alerts.receivers import read_receivers
from groups_platform.errors import InvalidSetting
from groups_platform.settings import Settings


def labels(settings: Settings, alerts: str) -> list[str]:
    return [receiver.label for receiver in read_receivers(settings.model_copy(update={"alerts": SecretStr(alerts)}))]


@pytest.mark.parametrize(
    ("alerts", "expected"),
    [
        ("jsons://example.com/hook", ["1 (jsons)"]),
        ("json://a.example.com xml://b.example.com\n jsons://c.example.com", ["1 (json)", "2 (xml)", "3 (jsons)"]),
        ("json://a.example.com,json://b.example.com; json://c.example.com,", ["1 (json)", "2 (json)", "3 (json)"]),
        ("mailtos://u:p@example.com?to=b@example.com,c@example.com json://x", ["1 (mailtos)", "2 (json)"]),
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", ["1 (slack)"]),
        ("json://a.example.com json://a.example.com", ["1 (json)"]),
        ("  ", []),
    ],
)
def test_p20_addresses_are_separated_by_spaces_or_commas(settings: Settings, alerts: str, expected: list[str]) -> None:
    assert labels(settings, alerts) == expected


@pytest.mark.parametrize(
    ("alerts", "what"),
    [
        ("hunter2", "address 1 of 1 is none that apprise knows"),
        ("json://a.example.com hunter2://x", "address 2 of 2 is none that apprise knows"),
        (
            "json://a.example.com slack://hunter2",
            "address 2 of 2 begins with slack://, but apprise cannot read the rest",
        ),
        ("https://example.com/hunter2", "address 1 of 1 is none that apprise knows"),
        ("mailto://", "address 1 of 1 begins with mailto://"),
    ],
)
def test_p20_a_wrong_address_is_refused_without_its_secret(
    settings: Settings, alerts: str, what: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(InvalidSetting) as refused:
        labels(settings, alerts)
    assert what in str(refused.value)
    assert "GROUPS_ALERTS" in str(refused.value)
    assert "hunter2" not in f"{refused.value}{refused.value.__cause__}{refused.value.__context__}{capfd.readouterr()}"


def test_p20_an_address_is_known_by_a_keyed_digest(settings: Settings) -> None:
    (receiver,) = read_receivers(settings.model_copy(update={"alerts": SecretStr("json://a.example.com")}))
    assert receiver.digest(b"key") == receiver.digest(b"key") != receiver.digest(b"another key")
    assert "example" not in repr(receiver)
