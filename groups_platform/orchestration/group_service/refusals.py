"""What a run shows of a refused action: the sentence, the code, the facts, and what to do next. No Python stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dagster import Failure
from dagster._core.errors import DagsterUserCodeProcessError
from dagster_shared.error import SerializableErrorInfo

from groups_platform.orchestration.failures import failure

OTHERWISE: Final = "Nothing was changed. Correct the config in the Launchpad, and launch the job again."
_BLOCKED: Final = "Nothing was removed. End what the table lists, or wait until it has ended, and launch the job again."
_AGAIN: Final = "Nothing was changed. Launch the job again in a while, or re-execute this run."
WHAT_TO_DO: Final = {
    "forbidden": "Nothing was changed. Name in actor a user who may do this, such as an admin of the group's domain.",
    "unknown_actor": "Nothing was done. Write in actor the e-mail address of an active user.",
    "group_not_found": "Find the group with the job search_groups, and write its id, or domain/name.",
    "ambiguous_group": "Write the group as domain/name.",
    "not_confirmed": "Nothing was removed. Look at the dry run; if it is this group, write its name in confirm.",
    "approval_required": "Nothing was removed. Start the job request_purge; another admin then approves the request.",
    "own_purge_request": "Nothing was removed. Another admin of the group has to approve it.",
    "own_account": "Nothing was changed. Name in actor another admin.",
    "purge_plan_changed": "Nothing was removed. Look at what changed, and request the purge again.",
    "purge_request_expired": "Nothing was removed. Request the purge again.",
    "purge_request_not_found": "Find the request with the job list_purge_requests.",
    "unknown_review": "Find the review with the job list_reviews, and its rows with get_review.",
    "review_under_way": "Nothing was started. Finish the review before with the job finish_review.",
    "review_finished": "Nothing was changed. Start another review with the job start_review.",
    "review_open_rows": "Nothing was finished. Decide the rows with the job decide_review_row; get_review shows them.",
    "already_decided": "Nothing was changed. Look at the decision with the job get_review.",
    "own_review_row": "Nothing was changed. Another admin of the domain has to decide.",
    "vfolders_mounted_to_active_kernels": _BLOCKED,
    "active_kernels": _BLOCKED,
    "active_endpoints": _BLOCKED,
    "unknown_rule": "Find the rule with the job list_rules, and write the id of its directory group.",
    "unknown_directory_group": "Nothing was changed. Find the group of the directory with groups-platform tree.",
    "directory_group_claimed": "Nothing was changed. Modify or delete the other rule, or choose another group.",
    "already_linked": "Nothing was changed. Find who has the link with the job search_groups, by integration_id.",
    "busy": _AGAIN,
    "database_error": _AGAIN,
    "database_unavailable": _AGAIN,
    "outcome_unknown": "Look for the action in audit_log: it is done if it is there as success. If not, launch again.",
}


class Refusal(DagsterUserCodeProcessError, Failure):
    """A failure that Dagster records without a stack, because the code is right and the input, or the moment, is not.

    Of any other Failure it records the frames where it was raised; of this kind of error it takes the record that
    comes with it.
    """

    def __init__(self, code: str, shown: Failure) -> None:
        record = SerializableErrorInfo(f"{code}: {shown.description}\n", [], None)
        super().__init__(shown.description, user_code_process_error_infos=[record])  # type: ignore[no-untyped-call]
        self.metadata = shown.metadata
        self.allow_retries = False


def refusal(code: str, message: str, facts: Mapping[str, Any]) -> Refusal:
    """The failure of a run whose action was refused; `what_to_do` stands beside its code and facts."""
    return Refusal(code, failure(code, message, {**facts, "what_to_do": WHAT_TO_DO.get(code, OTHERWISE)}))
