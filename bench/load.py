"""Load from `wrk`, a closed loop: each connection sends the next request as soon as it has its answer."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from bench.servers import CLIENT_CORE, cpu_seconds, pinned

CONNECTIONS = 32
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}
COUNT_REFUSALS = """
local threads = {}
refused, told = 0, 0
function setup(thread) table.insert(threads, thread) end
function response(status, headers, body)
  if status == 503 then
    refused = refused + 1
    if headers["retry-after"] or headers["Retry-After"] then told = told + 1 end
  end
end
function done(summary, latency, requests)
  for _, thread in ipairs(threads) do
    print("Refused: " .. thread:get("refused") .. ", told when to return: " .. thread:get("told"))
  end
end
"""


@dataclass(frozen=True)
class Body:
    """A request's body, its content type and path, the number of images in it, and further headers."""

    data: bytes
    content_type: str
    path: str = "/predict"
    images: int = 1
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Load:
    """What `wrk` measured.

    rate: answers/s; p50, p99: latencies in seconds; requests: answers in total; errors: answers that are not 2xx or
    3xx, and connections that broke or waited over 2 s; refused: the 503s among them; told: the 503s with a
    Retry-After. Only `overload` counts the last two.
    """

    rate: float
    p50: float
    p99: float
    errors: int
    requests: int = 0
    refused: int = 0
    told: int = 0

    @property
    def goodput(self) -> float:
        """Answers/s without errors."""
        return self.rate * (1 - self.errors / max(self.requests, 1))


def press(url: str, body: Body, connections: int = CONNECTIONS, seconds: int = 5, cores: str = CLIENT_CORE) -> Load:
    """Load the server for some seconds."""
    with wrk(url, body, connections, seconds, cores) as process:
        return finished(process)


class Cost(NamedTuple):
    """One measurement: wrk's, and the processor's seconds for each answer."""

    load: Load
    seconds: float


def cost(url: str, pid: int, body: Body, seconds: int, cores: str = CLIENT_CORE) -> Cost:
    """Load the server, which is the process `pid` and its descendants, for some seconds."""
    before = cpu_seconds(pid)
    load = press(url, body, seconds=seconds, cores=cores)
    return Cost(load, (cpu_seconds(pid) - before) / load.requests)


def overload(url: str, body: Body, connections: int, seconds: int) -> Load:
    """The same, and count the refusals, which takes the client some time for each answer."""
    with wrk(url, body, connections, seconds, CLIENT_CORE, COUNT_REFUSALS) as process:
        return finished(process)


@contextmanager
def wrk(
    url: str, body: Body, connections: int, seconds: int, cores: str = CLIENT_CORE, script: str = ""
) -> Iterator[subprocess.Popen[str]]:
    """A running `wrk`."""
    with tempfile.TemporaryDirectory() as folder:
        data, lua = Path(folder) / "body", Path(folder) / "post.lua"
        data.write_bytes(body.data)
        headers = (("Content-Type", body.content_type), *body.headers)
        lua.write_text(
            f'local file = io.open("{data}", "rb")\nwrk.method = "POST"\nwrk.body = file:read("*a")\n'
            + "".join(f'wrk.headers["{name}"] = "{value}"\n' for name, value in headers)
            + script
        )
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(lua), url + body.path]
        with subprocess.Popen(pinned(cores, command), stdout=subprocess.PIPE, text=True) as process:
            yield process


def finished(process: subprocess.Popen[str]) -> Load:
    """Wait until `wrk` ends, and return what it measured."""
    return parse(process.communicate()[0])


def parse(output: str) -> Load:
    """Read the numbers from wrk's report. Raises RuntimeError for any other output."""
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    requests = re.search(r"(\d+) requests in", output)
    if rate is None or requests is None:
        raise RuntimeError(f"wrk: {output}")
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    refusals = re.search(r"Refused: (\d+), told when to return: (\d+)", output)
    percentile = {
        name: float(value) * UNITS[unit] for name, value, unit in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s|m)", output)
    }
    errors = int(failed[1]) if failed else 0
    errors += sum(map(int, broken.groups())) if broken else 0
    refused, told = map(int, refusals.groups()) if refusals else (0, 0)
    return Load(float(rate[1]), percentile["50"], percentile["99"], errors, int(requests[1]), refused, told)


def digit(url: str, body: Body) -> int:
    """The digit that the server reads, to check that all servers do the same work. Raises httpx.HTTPError."""
    answer = httpx.post(url + body.path, content=body.data, headers={"Content-Type": body.content_type}, timeout=60)
    return digit_of(json.loads(answer.raise_for_status().text))


def digit_of(answer: dict[str, Any]) -> int:
    """The digit in an answer, in Numeral's form or the V2 inference protocol's."""
    return int(answer["outputs"][0]["data"][0] if "outputs" in answer else answer["digit"])
