"""Measure what /metrics costs: requests a second with it and without, for one worker and for two.

python -m bench.metrics            (two minutes)

Two servers that differ in NUMERAL_METRICS alone take turns of a few seconds, while the other one is stopped. Beside the
rate, the processor's time per request is compared: it says the same, and suffers less from a neighbour on the machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from typing import NamedTuple

from bench.forms import raw
from bench.load import Body, Cost, cost
from bench.servers import BOTH_CORES, CLIENT_CORE, SERVER_CORE, frozen, numeral

BOUND = 0.97  # of the rate without


class Measured(NamedTuple):
    """The medians of the turns' ratios, 1 if metrics cost nothing: of the rates, and of the inverse costs."""

    rate: float
    cost: float


def main() -> int:
    """Print the ratios. Returns exit status 1 when the rate's is below the bound."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=3, help="of each turn")
    parser.add_argument("--rounds", type=int, default=9, help="turns of each server")
    options = parser.parse_args()
    ratios = [compare(workers, raw(), options.seconds, options.rounds) for workers in (1, 2)]
    return int(min(ratio.rate for ratio in ratios) < BOUND)


def compare(workers: int, body: Body, seconds: int, rounds: int) -> Measured:
    """Measure and print the ratios for so many workers."""
    server_cores, client_cores = (SERVER_CORE, CLIENT_CORE) if workers == 1 else (BOTH_CORES, BOTH_CORES)
    count = str(workers)
    with (
        numeral(server_cores, NUMERAL_METRICS="true", NUMERAL_WORKERS=count) as counting,
        numeral(server_cores, NUMERAL_METRICS="false", NUMERAL_WORKERS=count) as silent,
    ):

        def turn(server: tuple[str, int], other: tuple[str, int]) -> Cost:
            (url, pid), (_, idle) = server, other
            with frozen([idle]):
                return cost(url, pid, body, seconds, client_cores)

        turn(counting, silent), turn(silent, counting)  # warm up
        pairs = []
        for number in range(rounds):
            if number % 2:
                pairs.append((turn(counting, silent), turn(silent, counting)))
            else:
                pairs.append((turn(silent, counting), turn(counting, silent))[::-1])
    measured = Measured(
        statistics.median(with_it.load.rate / without.load.rate for with_it, without in pairs),
        statistics.median(without.seconds / with_it.seconds for with_it, without in pairs),
    )
    rates = [statistics.median(pair[which].load.rate for pair in pairs) for which in (0, 1)]
    costs = [statistics.median(pair[which].seconds for pair in pairs) * 1e6 for which in (0, 1)]
    print(
        f"{workers} worker{'s' * (workers > 1)}, with metrics and without: {rates[0]:,.0f} and {rates[1]:,.0f}"
        f" requests/s, ratio {measured.rate:.3f}; {costs[0]:.1f} and {costs[1]:.1f} µs of the processor each,"
        f" ratio {measured.cost:.3f}; the bound is {BOUND}"
    )
    return measured


if __name__ == "__main__":
    sys.exit(main())
