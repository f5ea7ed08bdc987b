"""Servers pinned to one core, load by `wrk` from another, and what came out."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

SERVER_CORE, CLIENT_CORE = "0", "1"
START_SECONDS = 60.0
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
BOUNDARY = "numeral-bench"


@dataclass(frozen=True)
class Body:
    """What is posted: bytes, their content type, the path, and how many images they hold."""

    data: bytes
    content_type: str
    path: str = "/predict"
    images: int = 1


@dataclass(frozen=True)
class Load:
    """What `wrk` measured: requests/s, latencies in seconds, answers that were not 2xx or 3xx."""

    rate: float
    p50: float
    p99: float
    errors: int


def multipart(image: bytes, count: int = 1, path: str = "/predict") -> Body:
    """The image `count` times as files of a form."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="7.png"\r\n\r\n'.encode()
    data = (head + image + b"\r\n") * count + f"--{BOUNDARY}--\r\n".encode()
    return Body(data, f"multipart/form-data; boundary={BOUNDARY}", path, count)


def pinned(core: str, command: list[str]) -> list[str]:
    """The command on one core, where the system can do that."""
    can = shutil.which("taskset") and len(os.sched_getaffinity(0)) > 1
    return ["taskset", "-c", core, *command] if can else command


@contextmanager
def serving(command: list[str], health: str, cores: str = SERVER_CORE, **environment: str) -> Iterator[tuple[str, int]]:
    """Start a server on a free port, `{port}` in the command; its address and process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    filled = [part.format(port=port) for part in command]
    settings = {**os.environ, "PORT": str(port), "OMP_NUM_THREADS": "1", **environment}
    process = subprocess.Popen(
        pinned(cores, filled), env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url + health, process)
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(20)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    """Until the server answers anything at all."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(httpx.TransportError):
            httpx.get(url)
            return
        time.sleep(0.01)
    raise RuntimeError(f"{url} does not answer")


def press(url: str, body: Body, connections: int = 32, seconds: int = 5) -> Load:
    """Load the address with `wrk` for some seconds."""
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "body", Path(folder) / "post.lua"
        data.write_bytes(body.data)
        script.write_text(
            f'local file = io.open("{data}", "rb")\nwrk.method = "POST"\nwrk.body = file:read("*a")\n'
            f'wrk.headers["Content-Type"] = "{body.content_type}"\n'
        )
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url + body.path]
        output = subprocess.run(pinned(CLIENT_CORE, command), capture_output=True, text=True, check=True).stdout
    return parse(output)


def parse(output: str) -> Load:
    """The numbers in wrk's report."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    percentile = {
        name: float(value) * UNITS[unit] for name, value, unit in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s|m)", output)
    }
    if rate is None:
        raise RuntimeError(output)
    return Load(float(rate[1]), percentile["50"], percentile["99"], int(failed[1]) if failed else 0)


def resident_megabytes(pid: int) -> float:
    """Resident memory of the process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def cpu_seconds(pid: int) -> float:
    """User and system time that the process has used (proc_pid_stat(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def digit(url: str, body: Body) -> int:
    """What the server reads: the check that everybody does the same work."""
    answer = httpx.post(url + body.path, content=body.data, headers={"Content-Type": body.content_type})
    return int(json.loads(answer.raise_for_status().text)["digit"])


NUMERAL = [sys.executable, "-m", "app", "serve"]


def reference(name: str) -> list[str]:
    """The command of a reference server."""
    app = f"bench.references:{name}"
    command = [sys.executable, "-m", "uvicorn", "--factory", app, "--port", "{port}", "--no-access-log"]
    return [*command, "--loop", "uvloop", "--http", "httptools", "--log-level", "error"]
