"""Measure how much a retraining slows predictions: their p99 with a retraining beside them, and without.

python -m bench.retrain            (a minute and a half)
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx

from bench.forms import raw
from bench.load import Load, press
from bench.servers import BOTH_CORES, numeral

KEY = "bench"
ENDLESS = {"epochs": 1000, "patience": 0}
START_SECONDS = 180.0  # limit for a trainer's first step on a busy machine
BOUND = 3.0  # times the p99 without a retraining


def main() -> int:
    """Print both and their ratio. Returns exit status 1 when the ratio exceeds BOUND."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=8, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="measurements of each kind")
    parser.add_argument("--connections", type=int, default=4, help="clients at a time")
    options = parser.parse_args()
    body, rounds = raw(), range(options.rounds)
    with numeral(BOTH_CORES, NUMERAL_ADMIN_KEYS=KEY, NUMERAL_OFFLINE="1") as (url, _):
        quiet = [press(url, body, options.connections, options.seconds) for _ in rounds]
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {KEY}"}, timeout=60) as admin:
            job = start_training(admin)
            busy = [press(url, body, options.connections, options.seconds) for _ in rounds]
            assert admin.get(job).json()["state"] == "running", "the retraining ended before the measurement did"
            admin.post(f"{job}/cancel").raise_for_status()
            wait(admin, job, lambda found: found["finished_at"])
    show("without a retraining", quiet)
    show("with one", busy)
    ratio = middle(busy) / middle(quiet)
    print(f"p99 ratio {ratio:.2f}, the bound is {BOUND}")
    return int(ratio > BOUND)


def start_training(admin: httpx.Client) -> str:
    """Start a retraining, wait for its first step, and return its address."""
    job = admin.post("/admin/retrain", json=ENDLESS).raise_for_status().headers["Location"]
    wait(admin, job, lambda found: (found["progress"] or {}).get("step"))
    return job


def wait(admin: httpx.Client, job: str, condition: Callable[[dict[str, Any]], object]) -> None:
    """Wait until the condition holds for the job. Raises RuntimeError after START_SECONDS."""
    deadline = time.monotonic() + START_SECONDS
    while not condition(admin.get(job).json()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{job} takes too long")
        time.sleep(0.2)


def middle(loads: list[Load]) -> float:
    """The median of the loads' p99, in seconds."""
    return statistics.median(load.p99 for load in loads)


def show(name: str, loads: list[Load]) -> None:
    """Print one line of the table."""
    rate, p50 = statistics.median(x.rate for x in loads), statistics.median(x.p50 for x in loads)
    errors = sum(load.errors for load in loads)
    print(f"{name:<22}{rate:>9,.0f}/s   p50 {p50 * 1e3:6.2f} ms   p99 {middle(loads) * 1e3:6.2f} ms   {errors} errors")


if __name__ == "__main__":
    sys.exit(main())
