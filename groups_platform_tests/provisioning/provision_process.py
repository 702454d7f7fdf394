"""`python -m groups_platform_tests.provisioning.provision_process URL HOME` provisions, and says how far it is.

A process of its own, for tests that kill it. Limits are the default ones.
"""

from __future__ import annotations

import sys
from pathlib import Path

from groups_platform.provisioning import apply
from groups_platform.settings import Settings


def say(line: str) -> None:
    print(line, flush=True)


def main(url: str, home: str) -> None:
    """Print `begin`, how many projects are done, and `end`."""
    apply.CHUNK = 4  # type: ignore[misc]
    say("begin")
    settings = Settings(home=Path(home), source="", lake="")
    apply.provision(settings, url, progress=lambda done: say(f"done {done}")).or_raise()
    say("end")


if __name__ == "__main__":
    main(*sys.argv[1:])
