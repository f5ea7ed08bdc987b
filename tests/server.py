"""A real `numeral serve` on a free port, with its state in a folder of the test."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import httpx

from bench.servers import free_port

REPOSITORY = Path(__file__).resolve().parent.parent
SHIPPED = REPOSITORY / "weights"
ADMIN_KEY = "correct-horse"
START_SECONDS = 120.0
T = TypeVar("T")


def wait_until(condition: Callable[[], T], seconds: float = 120.0) -> T:
    """The first truthy value of the condition; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s")
        pause.wait(0.02)
    return value


def clean_environment(**changes: str) -> dict[str, str]:
    """This process's environment without Numeral's settings, and offline."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMERAL_")}
    return {**kept, "NUMERAL_OFFLINE": "1", **changes}


def ship(folder: Path) -> Path:
    """A copy of the weights with version 1 alone: a developer's folder may hold further versions."""
    made = folder / "shipped"
    if not made.exists():
        made.mkdir()
        (made / "1").symlink_to(SHIPPED / "1")
    return made


class Server:
    """A `numeral serve` process and a client for it. wrapper: a command to run the server under, such as strace."""

    wrapper: Sequence[str] = ()

    def __init__(self, folder: Path, wrapper: Sequence[str] = (), **environment: str) -> None:
        self.folder = folder
        if wrapper:
            self.wrapper = wrapper
        port = environment.get("PORT", str(free_port()))
        self.url = f"http://127.0.0.1:{port}"
        self.environment = (
            clean_environment(
                PORT=port,
                NUMERAL_WEIGHTS_DIR=str(folder / "weights"),
                NUMERAL_SHIPPED_WEIGHTS_DIR=str(ship(folder)),
                NUMERAL_DATABASE_URL=f"sqlite:///{folder}/numeral.db",
                NUMERAL_CACHE_DIR=str(folder / "mnist"),
                NUMERAL_ADMIN_KEYS=f"tester:{ADMIN_KEY}",
            )
            | environment
        )
        self.client = httpx.Client(base_url=self.url, timeout=60)
        self.admin = httpx.Client(base_url=self.url, timeout=60, headers={"Authorization": f"Bearer {ADMIN_KEY}"})
        self.start()

    def start(self) -> None:
        """Start the process, and wait until it is ready and all its workers have started."""
        path = self.folder / "log"
        with path.open("ab") as log:
            earlier = log.tell()
            command = [*self.wrapper, sys.executable, "-m", "app", "serve"]
            self.process = subprocess.Popen(command, env=self.environment, cwd=self.folder, stdout=log, stderr=log)
        wait_until(self.is_ready, START_SECONDS)
        workers = int(self.environment.get("NUMERAL_WORKERS", "1"))
        wait_until(
            lambda: workers == 1 or path.read_bytes()[earlier:].count(b"Application startup complete") == workers,
            START_SECONDS,
        )

    def answers(self) -> bool:
        """Whether anything listens at the address. After a server is killed, its workers must not."""
        try:
            return bool(self.client.get("/livez"))
        except httpx.TransportError:
            return False

    def is_ready(self) -> bool:
        """Whether /readyz says that the server is ready."""
        if self.process.poll() is not None:
            raise AssertionError((self.folder / "log").read_text())
        with suppress(httpx.TransportError):
            return self.client.get("/readyz").status_code == 200
        return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End the process, and return its exit status."""
        self.process.send_signal(how)
        return self.process.wait(60)

    def close(self) -> None:
        """End the process if it still runs, and close the clients."""
        if self.process.poll() is None:
            self.stop()
        self.client.close()
        self.admin.close()

    def job(self, location: str) -> dict:
        """The job at its address."""
        return self.admin.get(location).raise_for_status().json()

    def finished_job(self, location: str, seconds: float = 240.0) -> dict:
        """The job once it has ended."""
        return wait_until(lambda: (job := self.job(location))["finished_at"] and job, seconds)
