"""What it brings to answer together what comes together: the same server with and without, at every concurrency.

python -m bench.together            (a minute and a half; `make bench` has it too)
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


def together(rounds: int, seconds: int, connections: Sequence[int] = CONNECTIONS) -> Facts:
    """Requests/s of raw bodies, and how many times as many as when each is answered on its own, medians of turns."""
    body = raw()
    facts: Facts = {}
    with numeral() as (url, _), numeral(NUMERAL_MAX_TOGETHER="1") as (other, _):
        for count in connections:
            pairs = [
                (press(url, body, count, seconds).rate, press(other, body, count, seconds).rate) for _ in range(rounds)
            ]
            facts[f"{count} connections, requests/s"] = statistics.median(rate for rate, _ in pairs)
            facts[f"{count} connections, × one by one"] = statistics.median(rate / alone for rate, alone in pairs)
    facts["least × one by one"] = min(value for name, value in facts.items() if name.endswith("one by one"))
    return facts


if __name__ == "__main__":
    Console().print(fact_table(together(rounds=3, seconds=2)))
    sys.exit()
