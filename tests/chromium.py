"""A real browser for tests, if Chromium is installed: open a page, run scripts in it, and collect its error messages.

Tests talk to it by the DevTools protocol over two pipes: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--remote-debugging-pipe",
)  # fmt: skip


def find_chromium() -> str | None:
    """The path of the browser's program, None if it is not installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Browser:
    """One page of a running Chromium."""

    def __init__(self, to_browser: IO[bytes], from_browser: IO[bytes]) -> None:
        self._out, self._in = to_browser, from_browser
        self._session: str | None = None
        self._buffer = b""
        self._last_id = 0
        self.complaints: list[str] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; collect errors from events that arrive meanwhile."""
        self._last_id += 1
        message = {"id": self._last_id, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        while (answer := self._receive()).get("id") != self._last_id:
            if answer["method"] == "Log.entryAdded":
                self.complaints.append(answer["params"]["entry"]["text"])
            if answer["method"] == "Runtime.exceptionThrown":
                self.complaints.append(str(answer["params"]["exceptionDetails"]))
        if "error" in answer:
            raise AssertionError(answer["error"])
        result: dict[str, Any] = answer["result"]
        return result

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            piece = self._in.read(65536)
            if not piece:
                raise AssertionError("the browser ended")
            self._buffer += piece
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    def open(self, url: str) -> None:
        """Go to the address."""
        self.call("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """Run a script in the page; return its value, or the resolved value of a promise."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return result["result"].get("value")


@contextmanager
def chromium(folder: Path) -> Iterator[Browser]:
    """A browser with an empty profile in the folder."""
    program = find_chromium()
    assert program
    browser_in, to_browser = os.pipe()
    from_browser, browser_out = os.pipe()
    wired = ["/bin/bash", "-c", f'exec "$0" "$@" 3<&{browser_in} 4>&{browser_out}', program]
    process = subprocess.Popen(
        [*wired, *QUIET, f"--user-data-dir={folder}"], pass_fds=(browser_in, browser_out),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(browser_in)
    os.close(browser_out)
    try:
        with os.fdopen(to_browser, "wb", 0) as out, os.fdopen(from_browser, "rb", 0) as back:
            yield Browser(out, back)
    finally:
        process.kill()
        process.wait()
