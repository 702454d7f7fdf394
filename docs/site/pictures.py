"""Take the pictures of the README and the pages anew: `make pictures`.

Loads the sample days into a folder of its own, starts the UI on a free port, and has a Chromium that is on the PATH
show it without a window. Ends all that it started. The browser is driven over its DevTools, since only there it can
be asked whether the UI has drawn what it fetched.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

from PIL import Image
from websockets.sync.client import ClientConnection, connect

PICTURES: Final = Path(__file__).resolve().parents[1] / "pictures"
PATIENCE: Final = 300.0  # seconds
SETTLING: Final = 2.0  # seconds that the UI moves its boxes for
SIZE: Final = (1600, 960)  # pixels
WIDE: Final = (2000, 1060)  # narrower, the UI leaves the state out of the boxes of the graph
GRAPH: Final = "[class^=SplitPanelContainer_splitPanel]:has(.split-panel-container)"
COLOURS: Final = 192
LARGEST: Final = 200_000  # bytes


def wait_until(what: str, is_so: Callable[[], Any]) -> Any:
    """Return what `is_so` returns once that is true. Raises TimeoutError, which names `what`."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := is_so():
            return found
        time.sleep(0.3)
    raise TimeoutError(f"After {PATIENCE:g} s: {what}")


class Browser:
    """A page of a browser, by its DevTools."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.numbers = itertools.count(1)
        self.resize(*SIZE)

    def resize(self, width: int, height: int) -> None:
        """Give the page another size, in pixels."""
        self.height = height
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.do("Emulation.setDeviceMetricsOverride", **size)

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the DevTools and return its result."""
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self.socket.recv(timeout=PATIENCE))).get("id") != number:
            pass  # an event
        result: dict[str, Any] = answer["result"]
        return result

    def ask(self, script: str) -> Any:
        """The value of a piece of JavaScript in the page."""
        return self.do("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def open(self, url: str, *texts: str) -> None:
        """Open a page and wait until it shows all the texts."""
        self.do("Page.navigate", url=url)
        for text in texts:
            shows = f"document.body?.innerText.includes({json.dumps(text)})"
            wait_until(f"{url} does not show «{text}».", partial(self.ask, shows))
        time.sleep(SETTLING)

    def click(self, text: str) -> None:
        """Click the first thing that shows this text and nothing else."""
        found = (
            f"[...document.querySelectorAll('*')].find(e => !e.children.length && e.textContent === {json.dumps(text)})"
        )
        wait_until(f"Nothing shows «{text}».", lambda: self.ask(f"!!{found}"))
        self.ask(f"{found}.click()")
        time.sleep(SETTLING)

    def take(self, name: str, part: str = "body") -> None:
        """Store what the page shows of an element, with few colours. Raises ValueError for too large a picture."""
        box = self.ask(f"document.querySelector({json.dumps(part)}).getBoundingClientRect().toJSON()")
        size = {"width": box["width"], "height": min(box["height"], self.height - box["y"])}
        clip = {"x": box["x"], "y": box["y"], **size, "scale": 1}
        data = self.do("Page.captureScreenshot", format="png", clip=clip)["data"]
        shown = Image.open(io.BytesIO(base64.b64decode(data)))
        path = PICTURES / f"{name}.png"
        shown.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
        if (written := path.stat().st_size) > LARGEST:
            raise ValueError(f"{path} has {written} bytes, and should have at most {LARGEST}.")
        print(f"{path}: {written // 1000} kB")


@contextmanager
def browser() -> Iterator[Browser]:
    """A Chromium without a window; ended at the end."""
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        raise SystemExit(f"None of {', '.join(names)} is on the PATH. Install one.")
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        port_file = Path(profile) / "DevToolsActivePort"
        command = [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
        process = subprocess.Popen(
            [*command, f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            port = wait_until("Chromium does not start.", lambda: port_file.exists() and port_file.read_text().split())[
                0
            ]
            with urlopen(f"http://127.0.0.1:{port}/json") as pages:
                address = next(page["webSocketDebuggerUrl"] for page in json.load(pages) if page["type"] == "page")
            with connect(address, max_size=None) as devtools:
                yield Browser(devtools)
        finally:
            process.terminate()
            process.wait()


def platform(*words: str) -> list[str]:
    """The command line of the platform."""
    return [sys.executable, "-m", "groups_platform", *words]


@contextmanager
def ui(env: dict[str, str]) -> Iterator[str]:
    """The URL of the UI, which is ended at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        platform("dev", "--port", str(port)), env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def answers() -> bool:
        if process.poll() is not None:
            raise SystemExit("The UI ended before it answered. Run groups-platform dev to see why.")
        try:
            with urlopen(f"{url}/server_info"):
                return True
        except URLError:
            return False

    try:
        wait_until("The UI does not answer.", answers)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def load_samples(env: dict[str, str]) -> None:
    """The demo, and what somebody then decides: the held day is rejected, and the days after it follow."""
    for words in (
        ["demo"],
        ["reject", "day3", "--reason", "half a roster"],
        ["sync", "--day", "day4", "--day", "day5"],
    ):
        subprocess.run(platform(*words), env=env, check=True, stdout=subprocess.DEVNULL)


def take_ui(page: Browser, url: str) -> None:
    """The assets of the directory with their state, and the tree of groups as the asset `groups` shows it."""
    page.resize(*WIDE)
    page.open(f"{url}/asset-groups~group%3A%22directory%22", "group_inactivity", "Passed")
    page.take("lineage", GRAPH)
    page.open(f"{url}/assets/groups?view=events", "day2", "Metadata")
    page.click("day2")
    page.click("[Show Markdown]")
    page.take("tree", ".dagster-dialog")
    page.resize(*SIZE)


def take_report(page: Browser, env: dict[str, str], folder: Path) -> None:
    """The report of the day on which most happens."""
    file = folder / "report.html"
    subprocess.run(platform("report", "--day", "day2", "--out", str(file)), env=env, check=True)
    page.open(file.as_uri(), "day2")
    page.take("report")


def main() -> None:
    """Take all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="groups-platform-pictures-", ignore_cleanup_errors=True) as folder:
        env = {name: value for name, value in os.environ.items() if not name.startswith(("GROUPS_", "SPARK_"))}
        env["GROUPS_HOME"] = folder
        try:
            load_samples(env)
            with browser() as page:
                with ui(env) as url:
                    take_ui(page, url)
                take_report(page, env, Path(folder))
        finally:
            subprocess.run(platform("db", "stop"), env=env, check=False, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
