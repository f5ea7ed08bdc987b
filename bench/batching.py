"""Measure the gain of dynamic batching: the same server with and without it, at several numbers of connections.

python -m bench.batching            (a minute and a half; also a part of `make bench`)
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from rich.console import Console

from bench.footprint import Facts
from bench.forms import raw
from bench.load import press
from bench.report import fact_table
from bench.servers import numeral

CONNECTIONS = (1, 2, 4, 8, 16, 32, 64, 256)
ROUNDS, SECONDS = 5, 1
BATCHED, ALONE = "batched", "one by one"


def batching_gain(rounds: int, seconds: int, connections: Sequence[int] = CONNECTIONS) -> Facts:
    """Requests/s of raw bodies with batching, and the ratio to those without; medians of the rounds.

    Both servers are restarted for each round and loaded alternately, because two processes of the same server can
    differ by up to 3 % during their whole life. seconds: of each load.
    """
    body = raw()
    rates: dict[tuple[int, str], list[float]] = {}
    for number in range(rounds):
        with numeral() as (url, _), numeral(NUMERAL_MAX_DYNAMIC_BATCH="1") as (other, _):
            servers = [(BATCHED, url), (ALONE, other)]
            for count in connections:
                for name, address in servers[:: -1 if number % 2 else 1]:
                    rates.setdefault((count, name), []).append(press(address, body, count, seconds).rate)
    facts: Facts = {}
    for count in connections:
        pairs = list(zip(rates[count, BATCHED], rates[count, ALONE], strict=True))
        facts[f"connections: {count}, requests/s"] = statistics.median(rate for rate, _ in pairs)
        facts[f"connections: {count}, × one by one"] = statistics.median(rate / alone for rate, alone in pairs)
    facts["least × one by one"] = min(value for name, value in facts.items() if name.endswith("one by one"))
    return facts


if __name__ == "__main__":
    Console().print(fact_table(batching_gain(ROUNDS, SECONDS)))
