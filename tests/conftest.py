"""What tests share: real servers on free ports, temporary folders, and MNIST if NUMERAL_DATA_DIR is set."""

from __future__ import annotations

import itertools
import logging
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import httpx
import numpy as np
import pytest
from PIL import Image, ImageDraw

from model.data.digits import Splits
from model.data.load import load_digits
from model.files import locked
from model.preprocessing.pipeline import to_png

REPOSITORY = Path(__file__).resolve().parent.parent
SHIPPED = REPOSITORY / "weights"
ADMIN_KEY = "correct-horse"
START_SECONDS = 120.0
STRANGERS = itertools.count(1)
T = TypeVar("T")


def pytest_configure() -> None:
    """Give torch one thread: tests run two at a time, often on two cores, and more threads would wait for each other.

    Also let Ctrl-C (SIGINT) end processes again: what a script starts in the background ignores it, and so do children.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    signal.signal(signal.SIGINT, signal.default_int_handler)


def wait_until(condition: Callable[[], T], seconds: float = 120.0) -> T:
    """The first truthy value of the condition; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s")
        pause.wait(0.02)
    return value


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Within this context, writing more than `size` bytes into a file raises OSError, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


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
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
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


def lines_of(caplog: pytest.LogCaptureFixture, logger: str) -> list[logging.LogRecord]:
    """What a logger wrote: the count of another test's faults may come at any time, by another logger."""
    return [record for record in caplog.records if record.name == logger]


def stranger(authorization: str | None) -> dict[str, str]:
    """Headers that give a client its own address, as a trusted proxy on this machine would.

    So one test's wrong keys do not delay another test.
    """
    headers = {"X-Forwarded-For": f"2001:db8:{next(STRANGERS):x}::1"}
    return headers if authorization is None else headers | {"Authorization": authorization}


def clean_environment(**changes: str) -> dict[str, str]:
    """This process's environment without Numeral's settings, and offline."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NUMERAL_")}
    return {**kept, "NUMERAL_OFFLINE": "1", **changes}


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """A function that starts servers, which end after the test."""
    servers: list[Server] = []

    def start(weights: Path | None = None, wrapper: Sequence[str] = (), **environment: str) -> Server:
        if weights is not None and not (tmp_path / "weights").exists():
            shutil.copytree(weights, tmp_path / "weights", ignore=shutil.ignore_patterns("CURRENT", ".*"))
        servers.append(Server(tmp_path, wrapper, **environment))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server, shared by tests that do not change its state."""
    started = Server(tmp_path_factory.mktemp("server"))
    yield started
    started.close()


@pytest.fixture(scope="session")
def small_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1 as `numeral train` makes it from the embedded digits in a few seconds; the test processes share it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "small"
    folder.mkdir(exist_ok=True)
    with locked(folder):
        if not (folder / "weights" / "CURRENT").exists():
            command = [sys.executable, "-m", "model.train", "--epochs", "12", "--weights", "weights"]
            subprocess.run(command, env=clean_environment(), cwd=folder, check=True, capture_output=True)
    return folder / "weights"


@pytest.fixture(scope="session")
def mnist() -> Splits:
    """MNIST from NUMERAL_DATA_DIR; skips the test without it."""
    folder = os.environ.get("NUMERAL_DATA_DIR")
    if not folder:
        pytest.skip("needs MNIST: set NUMERAL_DATA_DIR to a folder with its four files")
    return load_digits(Path(folder))


@pytest.fixture(scope="session")
def embedded() -> Splits:
    """The digits that come with scikit-learn."""
    return load_digits(offline=True, cache_dir=Path("no-cache"))


def draw_seven(side: int = 200, ink: int = 0, paper: int = 255) -> Image.Image:
    """A seven, drawn with a broad pen."""
    image = Image.new("L", (side, side), paper)
    points = [(0.25, 0.22), (0.75, 0.2), (0.62, 0.45), (0.45, 0.85)]
    path = [(x * side, y * side) for x, y in points]
    ImageDraw.Draw(image).line(path, fill=ink, width=max(2, side // 14), joint="curve")
    return image


@pytest.fixture(scope="session")
def seven() -> bytes:
    """A PNG of a seven."""
    return to_png(np.asarray(draw_seven()))
