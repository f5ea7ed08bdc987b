"""What it brings to answer together what comes together: the same server with and without, at every concurrency.

python -m bench.batching            (a minute and a half; `make bench` has it too)
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence

from rich.console import Console

from bench.footprint import Facts
from bench.forms import raw
from bench.load import press
from bench.report import fact_table
from bench.servers import numeral

CONNECTIONS = (1, 2, 4, 8, 16, 32, 64, 256)
ROUNDS, SECONDS = 5, 1
TOGETHER, ALONE = "together", "one by one"


def together(rounds: int, seconds: int, connections: Sequence[int] = CONNECTIONS) -> Facts:
    """Requests/s of raw bodies, and how many times as many as when each is answered on its own; medians of rounds.

    Both servers are started anew for each round and asked in turns, since two processes of the very same server
    differ by up to 3 % for as long as they live.
    """
    body = raw()
    rates: dict[tuple[int, str], list[float]] = {}
    for number in range(rounds):
        with numeral() as (url, _), numeral(NUMERAL_MAX_DYNAMIC_BATCH="1") as (other, _):
            servers = [(TOGETHER, url), (ALONE, other)]
            for count in connections:
                for name, address in servers[:: -1 if number % 2 else 1]:
                    rates.setdefault((count, name), []).append(press(address, body, count, seconds).rate)
    facts: Facts = {}
    for count in connections:
        pairs = list(zip(rates[count, TOGETHER], rates[count, ALONE], strict=True))
        facts[f"connections: {count}, requests/s"] = statistics.median(rate for rate, _ in pairs)
        facts[f"connections: {count}, × one by one"] = statistics.median(rate / alone for rate, alone in pairs)
    facts["least × one by one"] = min(value for name, value in facts.items() if name.endswith("one by one"))
    return facts


if __name__ == "__main__":
    Console().print(fact_table(together(ROUNDS, SECONDS)))
    sys.exit()
