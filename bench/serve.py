"""Measure Numeral's requests/s beside reference servers, and its behaviour under stress: `make bench`.

python -m bench.serve            (about seven minutes)
python -m bench.serve --smoke    (half a minute or less: only checks that it works)
python -m bench.serve --json var/bench/results.json --chart var/bench/chart.png
"""

from __future__ import annotations

import argparse
import shutil
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.batching import CONNECTIONS as BATCHING_CONNECTIONS
from bench.batching import ROUNDS, SECONDS, batching_gain
from bench.chart import draw
from bench.footprint import Facts, memory, ready_seconds, workers
from bench.forms import bodies
from bench.goals import EMPTY, TUTORIAL, compare_with_goals, rate
from bench.load import CONNECTIONS, Body, digit, press
from bench.report import Rows, fact_table, goal_table, keep, median, rate_table, row_record
from bench.servers import WEIGHTS, cpu_seconds, numeral, reference, serving
from bench.stress import crowd, half_load, photos
from model.registry.store import Store

WARM_SECONDS = 1


@dataclass(frozen=True)
class Effort:
    """How often and for how long everything is measured."""

    rounds: int = 3
    seconds: int = 4  # of each load
    stress_seconds: int = 8
    starts: int = 5
    batching_rounds: int = ROUNDS
    connections: tuple[int, ...] = BATCHING_CONNECTIONS
    smoke: bool = False


SMOKE = Effort(1, 1, 1, starts=1, batching_rounds=1, connections=(32,), smoke=True)


def main() -> int:
    """Print the tables. Returns exit status 1 when a request in a table of rates failed, or `wrk` is missing."""
    parser = argparse.ArgumentParser(prog="python -m bench.serve")
    parser.add_argument("--smoke", action="store_true", help="as short as can be")
    parser.add_argument("--rounds", type=int, default=Effort.rounds)
    parser.add_argument("--seconds", type=int, default=Effort.seconds, help="of each load")
    parser.add_argument("--json", type=Path, help="file that keeps everything")
    parser.add_argument("--chart", type=Path, help="PNG file for a bar chart")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("bench: wrk is missing; install the package `wrk`", file=sys.stderr)
        return 1
    effort = SMOKE if options.smoke else Effort(options.rounds, options.seconds)
    console, forms = Console(), bodies()
    images = {f"Numeral, {name}": body.images for name, body in forms.items()} | {EMPTY: 1, TUTORIAL: 1}
    rows, cpu = alternate(forms, effort)
    console.print(rate_table(rows, images, EMPTY, "× empty"))
    facts = {**cpu, **stress(effort)}
    goals = compare_with_goals({**facts, **{rate(name): median(loads) * images[name] for name, loads in rows.items()}})
    console.print(fact_table(facts), goal_table(goals), sep="\n")
    failed = {name: sum(load.errors for load in loads) for name, loads in rows.items()}
    for name, errors in failed.items():
        if errors:
            console.print(f"[red]{name}: {errors} requests failed[/]")
    kept_rows = {name: row_record(loads, images[name]) for name, loads in rows.items()}
    results: dict[str, Any] = {"serve": {"rows": kept_rows, "facts": facts, "goals": goals}}
    if options.json:
        results = keep(options.json, "serve", results["serve"])
    if options.chart:
        draw(results, options.chart)
    return int(any(failed.values()))


def alternate(forms: dict[str, Body], effort: Effort) -> tuple[Rows, Facts]:
    """Load the servers and forms alternately. Returns the loads by name, and the CPU time of Numeral's raw bodies."""
    rows: Rows = {}
    with ExitStack() as stack:
        url, pid = stack.enter_context(numeral())
        empty, _ = stack.enter_context(serving(reference("empty"), "/docs"))
        folder = str((WEIGHTS / str(Store(WEIGHTS).usable()[0])).resolve())
        tutorial, _ = stack.enter_context(serving(reference("tutorial"), "/docs", NUMERAL_BENCH_VERSION=folder))
        targets = {f"Numeral, {name}": (url, body) for name, body in forms.items()}
        targets[EMPTY] = (empty, forms["raw body"])
        targets[TUTORIAL] = (tutorial, forms["multipart"])
        for name, (address, body) in targets.items():
            if body.images == 1 and digit(address, body) != 7:
                raise SystemExit(f"{name} does not read a 7")
            if not effort.smoke:
                press(address, body, CONNECTIONS, WARM_SECONDS)
        used, requests = 0.0, 0
        for _ in range(effort.rounds):
            for name, (address, body) in targets.items():
                before = cpu_seconds(pid)
                load = press(address, body, CONNECTIONS, effort.seconds)
                rows.setdefault(name, []).append(load)
                if name == "Numeral, raw body":
                    used += cpu_seconds(pid) - before
                    requests += load.requests
    return rows, {"CPU seconds for 1,000 raw bodies": used / requests * 1000}


def stress(effort: Effort) -> Facts:
    """All measurements that start their own servers."""
    return {
        "ready, s": ready_seconds(effort.starts),
        **memory(effort.smoke),
        **half_load(effort.stress_seconds),
        **workers(effort.rounds, effort.seconds),
        **photos(effort.stress_seconds),
        **crowd(effort.stress_seconds),
        **batching_gain(effort.batching_rounds, SECONDS, effort.connections),
    }


if __name__ == "__main__":
    sys.exit(main())
