"""Exceptions of the platform: a stable code, facts, and one sentence that says what to do next.

The documentation shows each docstring: what the code means, and after «What to do:» what to do about it in general.
"""

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
    """An environment variable has an invalid value.

    What to do: write the value as the sentence shows, or unset the variable.
    """

    code = "invalid_setting"


class DatabaseUnavailable(PlatformError):
    """Postgres does not answer, or refuses the connection.

    What to do: start Postgres (any command starts the embedded one) or correct GROUPS_DATABASE_URL, then run it
    again. Nothing is half done.
    """

    code = "database_unavailable"


class DatabaseUnsuitable(PlatformError):
    """Postgres answers, but the platform cannot use this database, or not with this role.

    What to do: the sentence says what it lacks: the encoding UTF8, a right of the role, or a newer version of the
    platform.
    """

    code = "database_unsuitable"


class LockTimeout(PlatformError):
    """Another session held a lock beyond the time limit; the facts name the session.

    What to do: look at the session whose pid it names, end it if it is stuck, and run it again.
    """

    code = "lock_timeout"


class SparkUnavailable(PlatformError):
    """No Java or no Spark was found, or the configured Spark server does not answer.

    What to do: unset SPARK_MASTER and SPARK_REMOTE, which gives the embedded Spark; or start the server, or install
    Java 17 or newer.
    """

    code = "spark_unavailable"


class SparkFailed(PlatformError):
    """Spark failed, for a reason that no other error covers.

    What to do: run the day again; if it fails again, the log of the run has what Spark said.
    """

    code = "spark_failed"


class LakeUnavailable(PlatformError):
    """A folder of the lake cannot be written or read.

    What to do: free space, make the folder writable, or set GROUPS_LAKE to another.
    """

    code = "lake_unavailable"


class UnknownSyncDay(PlatformError):
    """The source has no folder `sync-<day>`, or the day was never read into the lake.

    What to do: `groups-platform days` lists the folders of the source; correct the name, or GROUPS_SOURCE.
    """

    code = "unknown_sync_day"


class SourceUnavailable(PlatformError):
    """The source folder or URL cannot be listed.

    What to do: correct GROUPS_SOURCE, or make the folder readable for whoever runs the platform.
    """

    code = "source_unavailable"


class IncompleteSnapshot(PlatformError):
    """The day's delivery is not a full snapshot (D14); nothing was applied.

    What to do: ask upstream to deliver the folder again; the sensor then runs it.
    """

    code = "incomplete_snapshot"


class DayHeld(PlatformError):
    """The day would change more than a limit allows; nothing was applied, and somebody has to decide (P11, P12).

    What to do: look at `groups-platform plan --day DAY`; then approve, reject or skip the day.
    """

    code = "day_held"


class ProvisioningHeld(PlatformError):
    """Provisioning would change more than a limit allows; nothing was applied, and somebody has to decide (M4).

    What to do: `groups-platform provision --plan` shows the plan; approve it as the sentence says, or mend
    the rules.
    """

    code = "provisioning_held"


class ProvisioningIncomplete(PlatformError):
    """Some projects were refused, such as for a name that was taken meanwhile; the others are done (M5).

    What to do: run `groups-platform provision` again; the audit log has the reason of each.
    """

    code = "provisioning_incomplete"


class ReplayImpossible(PlatformError):
    """The days cannot be folded anew as they lie in the lake (P18).

    What to do: the sentence names the day that is missing; replay from a later day, or run that day again.
    """

    code = "replay_impossible"


class DayRejected(PlatformError):
    """Somebody has rejected or skipped the day with this very content (P12).

    What to do: nothing; or look at `groups-platform plan --day DAY`, and approve it.
    """

    code = "day_rejected"


class InvalidDecision(PlatformError):
    """The reason of a decision, or the name of who decides, is blank or cannot be stored (P12).

    What to do: write a reason, and a name, in ordinary text.
    """

    code = "invalid_decision"


class UnknownPlan(PlatformError):
    """The day has no such plan that waits: there was none, or the day was run again since.

    What to do: look at `groups-platform plan --day DAY`, and decide about the plan that it names.
    """

    code = "unknown_plan"


class CheckFailed(PlatformError):
    """A blocking check failed; the transaction was rolled back.

    What to do: look at the sample rows of the check, mend their cause, and run the day again.
    """

    code = "check_failed"


class UnknownGroup(PlatformError):
    """No row of `groups` has this id or name; `near` has those that may be meant.

    What to do: take one of `near`, or look for it: `groups-platform tree` lists the groups with their ids.
    """

    code = "unknown_group"


class UnknownAgent(PlatformError):
    """No row of `agents` has this id, name or e-mail address; `near` has those that may be meant.

    What to do: take one of `near`, or write the id or the e-mail address.
    """

    code = "unknown_agent"


class AmbiguousName(PlatformError):
    """Several groups or agents have this name; `candidates` has them.

    What to do: write the id of the one that is meant.
    """

    code = "ambiguous_name"


class PortTaken(PlatformError):
    """Another program listens on the port of the UI; nothing was started.

    What to do: name another port with `--port`, or end the other program.
    """

    code = "port_taken"


class AlreadyRunning(PlatformError):
    """`groups-platform dev` runs already for this home; nothing was started.

    What to do: use the one that runs, end it, or set `GROUPS_HOME` to another folder.
    """

    code = "already_running"


class ServerEnded(PlatformError):
    """One of the servers of `groups-platform dev` ended by itself, and the others were ended too.

    What to do: read what it printed last, and start `groups-platform dev` again.
    """

    code = "server_ended"


class ReportNotWritten(PlatformError):
    """The page of a day cannot be written to its file or its folder (P21).

    What to do: name a file or a folder that can be written, or mend what the sentence says.
    """

    code = "report_not_written"
