"""Start servers as processes pinned to a core, and read their memory and CPU time."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

SERVER_CORE, CLIENT_CORE, BOTH_CORES = "0", "1", "0,1"
START_SECONDS = 120.0
STOP_SECONDS = 20.0
WEIGHTS = Path("weights")
NUMERAL = [sys.executable, "-m", "app", "serve"]


def can_pin() -> bool:
    """Whether the system has `taskset` and a second core."""
    return shutil.which("taskset") is not None and len(os.sched_getaffinity(0)) > 1


def pinned(cores: str, command: list[str]) -> list[str]:
    """The command pinned to these cores, if the system can do that."""
    return ["taskset", "-c", cores, *command] if can_pin() else command


@contextmanager
def on_core(core: str) -> Iterator[None]:
    """Pin the calling thread to one core during the block, if the system can do that."""
    before = os.sched_getaffinity(0)
    if can_pin():
        os.sched_setaffinity(0, {int(core)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    """A port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], health: str, cores: str = SERVER_CORE, **environment: str) -> Iterator[tuple[str, int]]:
    """Run a server during the block: start it on a free port, and wait until `health` answers 200.

    command: `{port}` in it is replaced by the port. Yields the server's URL and process id.
    Raises RuntimeError with the last line of its output when it does not become ready.
    """
    port = free_port()
    filled = [part.format(port=port) for part in command]
    settings = {**os.environ, "PORT": str(port), "OMP_NUM_THREADS": "1", **environment}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(pinned(cores, filled), env=settings, stdout=log, stderr=log)
        try:
            wait_for(port, health, process, log)
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            stop(process)


def wait_for(port: int, path: str, process: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    """Wait until the server answers 200. Raises RuntimeError when it ends before, or after START_SECONDS."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        time.sleep(0.002)
    log.seek(0)
    *_, last = log.read().decode(errors="replace").strip().splitlines() or [""]
    raise RuntimeError(f"{'it ended' if process.poll() is not None else 'it does not answer'}: {last.strip()}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Send the server SIGTERM; after STOP_SECONDS at most, kill what is left of it and its descendants."""
    family = family_of(process.pid)
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    send(signal.SIGKILL, family)
    process.wait()


@contextmanager
def numeral(cores: str = SERVER_CORE, **environment: str) -> Iterator[tuple[str, int]]:
    """Run Numeral during the block, with its state in a temporary folder. Yields its URL and process id."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "NUMERAL_WEIGHTS_DIR": f"{folder}/weights",
            "NUMERAL_SHIPPED_WEIGHTS_DIR": str(WEIGHTS.resolve()),
            "NUMERAL_DATABASE_URL": f"sqlite:///{folder}/numeral.db",
            **environment,
        }
        with serving(NUMERAL, "/readyz", cores, **settings) as server:
            yield server


def reference(name: str) -> list[str]:
    """The command of a reference server."""
    app = f"bench.references:{name}"
    command = [sys.executable, "-m", "uvicorn", "--factory", app, "--port", "{port}", "--no-access-log"]
    return [*command, "--loop", "uvloop", "--http", "httptools", "--log-level", "error"]


def address(url: str) -> tuple[str, int]:
    """Host and port of a URL."""
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 80


def family_of(pid: int) -> list[int]:
    """The ids of the process and its living descendants (proc_pid_stat(5))."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            children.setdefault(int(stat_fields(stat)[1]), []).append(int(stat.parent.name))
    family = [pid]
    for member in family:
        family.extend(children.get(member, []))
    return family


def stat_fields(stat: Path) -> list[str]:
    """The fields of a stat file from the third on, which is the process's state."""
    return stat.read_text().rpartition(")")[2].split()


@contextmanager
def frozen(pids: Iterable[int]) -> Iterator[None]:
    """Stop all processes of these servers (SIGSTOP) during the block, so that they use no CPU time."""
    members = [member for pid in pids for member in family_of(pid)]
    send(signal.SIGSTOP, members)
    try:
        yield
    finally:
        send(signal.SIGCONT, members)


def send(number: signal.Signals, pids: Iterable[int]) -> None:
    """Send the signal to each process that still exists."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def resident_megabytes(pid: int) -> float:
    """Resident memory of the process, in MB (proc_pid_statm(5))."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_seconds(pid: int) -> float:
    """User and system time that the process and its living descendants have used."""
    ticks = 0
    for member in family_of(pid):
        with suppress(OSError):
            fields = stat_fields(Path(f"/proc/{member}/stat"))
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
