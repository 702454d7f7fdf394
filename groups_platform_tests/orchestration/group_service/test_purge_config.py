"""What people fill in for purges by two and for dotfiles, the action that it means, and what the UI shows of it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from uuid import UUID

import pytest

from groups_platform.group_service.services.group.actions.approve_purge import ApprovePurgeAction
from groups_platform.group_service.services.group.actions.create_dotfile import CreateDotfileAction
from groups_platform.group_service.services.group.actions.delete_dotfile import DeleteDotfileAction
from groups_platform.group_service.services.group.actions.list_purge_requests import ListPurgeRequestsAction
from groups_platform.group_service.services.group.actions.request_purge import RequestPurgeAction
from groups_platform.group_service.services.group.actions.update_dotfile import UpdateDotfileAction
from groups_platform.group_service.types.purge import LIFETIME, PurgeRequest, PurgeRequestPage, PurgeRequestState
from groups_platform.orchestration.group_service import purge_config as asked
from groups_platform.orchestration.group_service import purge_metadata as shown

TRIAGE = "norrvik/ticket-triage"
GROUP = {"group": TRIAGE}
NOW = datetime(2024, 10, 31, 12, tzinfo=timezone.utc)
REQUEST = PurgeRequest(
    id=UUID(int=1),
    group_id=UUID(int=2),
    group_name="ticket-triage",
    domain_name="norrvik",
    counts={"kernels": 2, "vfolders": 1},
    vfolders=("labels",),
    endpoints=(),
    plan_digest="0",
    requested_by_id=None,
    requested_by="system",
    requested_at=NOW,
    expires_at=NOW + LIFETIME,
    state=PurgeRequestState.WAITING,
)


@pytest.mark.parametrize(
    ("config", "action"),
    [
        (asked.RequestPurgeConfig(**GROUP), RequestPurgeAction(TRIAGE)),
        (asked.ApprovePurgeConfig(request_id="no id"), ApprovePurgeAction("no id", dry_run=True)),
        (
            asked.ApprovePurgeConfig(request_id="7", dry_run=False),
            ApprovePurgeAction("7", dry_run=False, expected_name=""),
        ),
        (
            asked.ApprovePurgeConfig(request_id="7", dry_run=False, confirm="ticket-triage"),
            ApprovePurgeAction("7", dry_run=False, expected_name="ticket-triage"),
        ),
        (asked.ListPurgeRequestsConfig(), ListPurgeRequestsAction()),
        (asked.ListPurgeRequestsConfig(cursor="x", limit=7), ListPurgeRequestsAction("x", 7)),
        (
            asked.CreateDotfileConfig(**GROUP, path=".vimrc", data="set nu"),
            CreateDotfileAction(TRIAGE, ".vimrc", "set nu", "644"),
        ),
        (
            asked.UpdateDotfileConfig(**GROUP, path=".vimrc", perm="600"),
            UpdateDotfileAction(TRIAGE, ".vimrc", None, "600"),
        ),
        (asked.DeleteDotfileConfig(**GROUP, path=".vimrc"), DeleteDotfileAction(TRIAGE, ".vimrc")),
    ],
)
def test_s34_what_is_filled_in_becomes_the_action(config: Any, action: object) -> None:
    assert config.action() == action


def test_s34_a_request_is_shown_with_what_would_go() -> None:
    facts = shown.purge_request_facts(REQUEST)
    assert (facts["request_id"], facts["state"], facts["expires"]) == (
        str(REQUEST.id), "waiting", "2024-11-07T12:00:00+00:00",
    )  # fmt: skip
    assert [record.data for record in facts["would_go"].records] == [
        {"what": "group", "number": 1, "names": "ticket-triage (norrvik)"},
        {"what": "kernels", "number": 2, "names": ""},
        {"what": "vfolders", "number": 1, "names": "labels"},
    ]


def test_s34_requests_are_shown_as_a_table() -> None:
    facts = shown.purge_requests_facts(PurgeRequestPage((REQUEST,), "next"))
    assert (facts["found"], facts["next_cursor"]) == (1, "next")
    (record,) = facts["requests"].records
    assert (record.data["group"], record.data["requested by"], record.data["rows"]) == (
        "norrvik/ticket-triage", "system", 3,
    )  # fmt: skip
