"""Exceptions of the platform: a stable code, facts, and one sentence that says what to do next."""

from __future__ import annotations

from typing import Any

from groups_platform.masking import mask_secrets, mask_text


class PlatformError(Exception):
    """Base class of errors that a user can act on. `str(error)` is a sentence; `code` and `facts` are for programs.

    All of them appear in logs, in the UI and on terminals, so secrets are masked here.
    """

    code = "platform_error"

    def __init__(self, message: str, **facts: Any) -> None:
        super().__init__(mask_text(message))
        self.facts: dict[str, Any] = mask_secrets(facts)


class InvalidSetting(PlatformError):
    """An environment variable has an invalid value."""

    code = "invalid_setting"


class DatabaseUnavailable(PlatformError):
    """Postgres does not answer, or refuses the connection."""

    code = "database_unavailable"


class DatabaseUnsuitable(PlatformError):
    """Postgres answers, but the platform cannot use this database, or not with this role."""

    code = "database_unsuitable"


class LockTimeout(PlatformError):
    """Another session held a lock beyond the time limit; the facts name the session."""

    code = "lock_timeout"


class SparkUnavailable(PlatformError):
    """No Java or no Spark was found, or the configured Spark server does not answer."""

    code = "spark_unavailable"


class SparkFailed(PlatformError):
    """Spark failed, for a reason that no other error covers."""

    code = "spark_failed"


class LakeUnavailable(PlatformError):
    """A folder of the lake cannot be written or read."""

    code = "lake_unavailable"


class UnknownSyncDay(PlatformError):
    """The source has no folder `sync-<day>`, or the day was never read into the lake."""

    code = "unknown_sync_day"


class SourceUnavailable(PlatformError):
    """The source folder or URL cannot be listed."""

    code = "source_unavailable"


class IncompleteSnapshot(PlatformError):
    """The day's delivery is not a full snapshot (D14); nothing was applied."""

    code = "incomplete_snapshot"


class DayHeld(PlatformError):
    """The day would change more than a limit allows; nothing was applied, and somebody has to decide (P11, P12)."""

    code = "day_held"


class ProvisioningHeld(PlatformError):
    """Provisioning would change more than a limit allows; nothing was applied, and somebody has to decide (M4)."""

    code = "provisioning_held"


class ProvisioningIncomplete(PlatformError):
    """Some projects were refused, such as for a name that was taken meanwhile; the others are done (M5)."""

    code = "provisioning_incomplete"


class ReplayImpossible(PlatformError):
    """The days cannot be folded anew as they lie in the lake (P18)."""

    code = "replay_impossible"


class DayRejected(PlatformError):
    """Somebody has rejected or skipped the day with this very content (P12)."""

    code = "day_rejected"


class InvalidDecision(PlatformError):
    """The reason of a decision, or the name of who decides, is blank or cannot be stored (P12)."""

    code = "invalid_decision"


class UnknownPlan(PlatformError):
    """The day has no such plan that waits: there was none, or the day was run again since."""

    code = "unknown_plan"


class CheckFailed(PlatformError):
    """A blocking check failed; the transaction was rolled back."""

    code = "check_failed"


class UnknownGroup(PlatformError):
    """No row of `groups` has this id or name; `near` has those that may be meant."""

    code = "unknown_group"


class UnknownAgent(PlatformError):
    """No row of `agents` has this id, name or e-mail address; `near` has those that may be meant."""

    code = "unknown_agent"


class AmbiguousName(PlatformError):
    """Several groups or agents have this name; `candidates` has them."""

    code = "ambiguous_name"


class PortTaken(PlatformError):
    """Another program listens on the port of the UI; nothing was started."""

    code = "port_taken"


class AlreadyRunning(PlatformError):
    """`groups-platform dev` runs already for this home; nothing was started."""

    code = "already_running"


class ServerEnded(PlatformError):
    """One of the servers of `groups-platform dev` ended by itself, and the others were ended too."""

    code = "server_ended"


class ReportNotWritten(PlatformError):
    """The page of a day cannot be written to its file or its folder (P21)."""

    code = "report_not_written"
