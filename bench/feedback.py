"""Measure what keeping pictures, and a version in the shadow, cost predictions: rate, latency and processor time.

python -m bench.feedback            (a minute)
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

import httpx

from bench.forms import raw
from bench.load import Cost, cost
from bench.servers import WEIGHTS, numeral
from model.registry.store import Store

KEY = "bench"
NONE, SHADOW = "nothing kept", "1 in 20 in the shadow"
KINDS = {NONE: "none", "refused pictures kept": "refused", "every picture kept": "all", SHADOW: "none"}


def main() -> None:
    """Print a line for each kind, with its ratios to the first."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each kind")
    options = parser.parse_args()
    with ExitStack() as stack:
        shipped = two_versions(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        servers = {}
        for name, keep in KINDS.items():
            environment = {"NUMERAL_KEEP": keep, "NUMERAL_ADMIN_KEYS": KEY, "NUMERAL_SHIPPED_WEIGHTS_DIR": str(shipped)}
            servers[name] = stack.enter_context(numeral(**environment))
        url, _ = servers[SHADOW]
        headers = {"Authorization": f"Bearer {KEY}"}
        httpx.post(f"{url}/admin/versions/2/shadow", headers=headers, timeout=60).raise_for_status()
        costs: dict[str, list[Cost]] = {name: [] for name in KINDS}
        for number in range(options.rounds):
            for name in list(KINDS)[:: -1 if number % 2 else 1]:
                costs[name].append(cost(*servers[name], raw(), options.seconds))
    for name, found in costs.items():
        show(name, found, costs[NONE])


def two_versions(folder: Path) -> Path:
    """A folder of weights with version 1, the current one, and a copy of it as version 2."""
    store = Store(folder)
    shutil.copytree(WEIGHTS / "1", store.folder(1))
    store.activate(1)
    with store.publish(store.manifest(1) | {"version": 2, "parent": 1}) as draft:
        for name in store.manifest(1)["files"]:
            shutil.copy(store.folder(1) / name, draft)
    return folder


def show(name: str, costs: list[Cost], others: list[Cost]) -> None:
    """Print one line: the medians, and the medians of the ratios to the others of the same round."""
    rate = statistics.median(one.load.rate for one in costs)
    p99 = statistics.median(one.load.p99 for one in costs)
    processor = statistics.median(one.seconds for one in costs) * 1e6
    pairs = list(zip(costs, others, strict=True))
    rates = statistics.median(one.load.rate / other.load.rate for one, other in pairs)
    times = statistics.median(one.seconds / other.seconds for one, other in pairs)
    print(f"{name:<24}{rate:>7,.0f}/s × {rates:.2f}   p99 {p99 * 1e3:5.1f} ms   {processor:4.0f} µs CPU × {times:.2f}")


if __name__ == "__main__":
    main()
