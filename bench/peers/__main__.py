"""Measure other frameworks that serve the same network beside Numeral, on the same machine: `make bench-peers`.

python -m bench.peers --json var/bench/results.json --chart var/bench/chart.png     (two minutes)
python -m bench.peers litserve mlserver                                             (only these)

Each runs one worker on one core, configured for speed as its documentation advises, without dynamic batching. Each gets
requests in the form that its documentation uses. The first run creates a virtual environment for each, which takes
minutes.
"""

from __future__ import annotations

import argparse
import base64
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from bench.chart import NUMERAL, draw
from bench.forms import IMAGE, raw
from bench.load import CONNECTIONS, Body, digit, press
from bench.peers.environments import PINS, environment
from bench.report import Rows, keep, median, rate_table, row_record
from bench.servers import WEIGHTS, frozen, numeral, serving
from model.registry.store import Store

WARM_SECONDS = 2
SILENT = {"BENTOML_DO_NOT_TRACK": "True", "RAY_USAGE_STATS_ENABLED": "0", "DO_NOT_TRACK": "1"}
RAY = {"RAY_SERVE_THROUGHPUT_OPTIMIZED": "1"}


@dataclass(frozen=True)
class Peer:
    """A framework: its name, the arguments for its Python, the path of its health check, and the request's body."""

    name: str
    arguments: list[str]
    health: str
    body: Callable[[], Body]


@dataclass(frozen=True)
class Target:
    """A server that is ready: its URL, its process id, and the request's body."""

    url: str
    pid: int
    body: Body


def base64_body() -> Body:
    """The image in JSON."""
    text = base64.b64encode(IMAGE.read_bytes()).decode()
    return Body(json.dumps({"image": text}).encode(), "application/json")


def v2_body() -> Body:
    """The image in a request of the V2 inference protocol."""
    text = base64.b64encode(IMAGE.read_bytes()).decode()
    tensor = {"name": "image", "shape": [1], "datatype": "BYTES", "parameters": {"content_type": "base64"}}
    request = {"inputs": [{**tensor, "data": [text]}]}
    return Body(json.dumps(request).encode(), "application/json", "/v2/models/digits/infer")


def app(peer: str) -> list[str]:
    """The arguments that run the peer's app."""
    return ["-m", f"bench.peers.{peer}_app", "{port}"]


BENTO = ["-m", "bentoml", "serve", "bench.peers.bentoml_app:Digits", "--host", "127.0.0.1", "--port", "{port}"]
PEERS = {
    "litserve": Peer("LitServe", app("litserve"), "/health", base64_body),
    "bentoml": Peer("BentoML", BENTO, "/readyz", raw),
    "mlserver": Peer("MLServer", app("mlserver"), "/v2/health/ready", v2_body),
    "ray": Peer("Ray Serve", app("ray"), "/-/healthz", raw),
}


def main() -> int:
    """Print the table and the peers that were left out. Returns exit status 1 when one was left out."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers")
    parser.add_argument("peers", nargs="*", metavar="PEER", help=f"of {', '.join(PEERS)}; all when none is named")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of each load")
    parser.add_argument("--json", type=Path, help="file that keeps everything, beside what `make bench` wrote")
    parser.add_argument("--chart", type=Path, help="PNG file for a bar chart")
    options = parser.parse_args()
    if unknown := set(options.peers) - set(PEERS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(PEERS)}")
    if shutil.which("wrk") is None:
        print("bench: wrk is missing; install the package `wrk`", file=sys.stderr)
        return 1
    with ExitStack() as stack:
        targets, absent = start(options.peers or list(PEERS), stack)
        rows = alternate(targets, options.rounds, options.seconds)
    show(rows, absent)
    record = {
        "rows": {name: row_record(loads) for name, loads in rows.items()},
        "absent": absent,
        "versions": {PEERS[name].name: version(name) for name in PEERS},
    }
    results: dict[str, Any] = {"peers": record}
    if options.json:
        results = keep(options.json, "peers", record)
    if options.chart:
        draw(results, options.chart)
    return int(bool(absent))


def start(names: list[str], stack: ExitStack) -> tuple[dict[str, Target], dict[str, str]]:
    """Start Numeral and the peers. Returns those that read a 7, and the reason for each one left out."""
    targets = {NUMERAL: Target(*stack.enter_context(numeral()), raw())}
    absent: dict[str, str] = {}
    settings = {
        **SILENT,
        **RAY,
        "RAY_TMPDIR": stack.enter_context(tempfile.TemporaryDirectory()),
        "NUMERAL_BENCH_VERSION": str((WEIGHTS / str(Store(WEIGHTS).usable()[0])).resolve()),
    }
    for peer, name in ((PEERS[name], name) for name in names):
        try:
            command = [str(environment(name)), *peer.arguments]
            url, pid = stack.enter_context(serving(command, peer.health, **settings))
            target = Target(url, pid, peer.body())
            if (found := digit(url, target.body)) != 7:
                raise RuntimeError(f"it reads a {found}, not a 7")
            targets[peer.name] = target
        except (RuntimeError, httpx.HTTPError) as error:
            absent[peer.name] = str(error)
    return targets, absent


def alternate(targets: dict[str, Target], rounds: int, seconds: int) -> Rows:
    """Load the servers alternately, each after a warm-up. The others are stopped, since Ray works when idle, too."""
    rows: Rows = {name: [] for name in targets}
    for _ in range(rounds):
        for name, target in targets.items():
            with frozen(other.pid for other in targets.values() if other is not target):
                press(target.url, target.body, CONNECTIONS, WARM_SECONDS)
                rows[name].append(press(target.url, target.body, CONNECTIONS, seconds))
    return rows


def show(rows: Rows, absent: dict[str, str]) -> None:
    """Print the table, the ratios, failed requests, and the peers that were left out."""
    console = Console()
    console.print(rate_table(rows, dict.fromkeys(rows, 1), NUMERAL, "× Numeral"))
    for name, loads in rows.items():
        if name != NUMERAL:
            console.print(f"Numeral answers {median(rows[NUMERAL]) / median(loads):.1f} × as many as {name}.")
        if errors := sum(load.errors for load in loads):
            console.print(f"[red]{name}: {errors} requests failed[/]")
    for name, reason in absent.items():
        console.print(f"[red]{name} was left out: {reason}[/]")


def version(peer: str) -> str:
    """The peer's version, from its pinned requirements."""
    lines = (PINS / f"{peer}.txt").read_text().splitlines()
    return next(line.partition("==")[2] for line in lines if line.startswith(f"{peer}=="))


if __name__ == "__main__":
    sys.exit(main())
