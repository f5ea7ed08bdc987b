"""Count the requests that fail during rolling restarts behind a load balancer: `make rolling-test`

python -m bench.rolling --times 20             (nginx, then HAProxy: some minutes)

Two servers run behind the load balancer, and clients request predictions without pause. Alternately, each server gets
SIGTERM, ends, is started again, and becomes ready. A request counts as failed when its answer is not a 200.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

from model.preprocessing.pipeline import to_png
from tests.pictures import draw_seven
from tests.proxies import BALANCERS, is_installed
from tests.server import Server

CLIENTS = 4
DRAIN_SECONDS = "1"


class Load:
    """Clients that send requests without pause. `outcomes` counts statuses and broken connections."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.outcomes: Counter[str] = Counter()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.ask, daemon=True) for _ in range(CLIENTS)]

    def ask(self) -> None:
        """Send one request after the other over a keep-alive connection."""
        picture = to_png(np.asarray(draw_seven(28)))
        with httpx.Client(base_url=self.url, timeout=30) as client:
            while not self.ended.is_set():
                try:
                    outcome = str(client.post("/predict", content=picture).status_code)
                except httpx.TransportError as error:
                    outcome = type(error).__name__
                self.outcomes[outcome] += 1

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run the clients during the block."""
        for thread in self.threads:
            thread.start()
        try:
            yield
        finally:
            self.ended.set()
            for thread in self.threads:
                thread.join()


def rolling(balancer: str, times: int, drain_seconds: str = DRAIN_SECONDS) -> Counter[str]:
    """Restart the servers `times` times behind the load balancer, and return what the clients counted."""
    with tempfile.TemporaryDirectory(prefix="numeral-rolling-") as name:
        folder = Path(name)
        servers = []
        try:
            for number in range(2):
                (folder / str(number)).mkdir()
                servers.append(Server(folder / str(number), NUMERAL_DRAIN_SECONDS=drain_seconds))
            addresses = [server.url.removeprefix("http://") for server in servers]
            with BALANCERS[balancer](folder / balancer, addresses) as url:
                load = Load(url)
                with load.running():
                    for turn in range(times):
                        server = servers[turn % 2]
                        server.stop()
                        server.start()
                return load.outcomes
        finally:
            for server in servers:
                server.close()


def main() -> int:
    """Print the counts behind each load balancer. Returns exit status 1 when a request failed."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.rolling", description="Count failed requests during restarts."
    )
    parser.add_argument("--times", type=int, default=20, help="restarts behind each balancer (20)")
    parser.add_argument("--drain", default=DRAIN_SECONDS, help=f"NUMERAL_DRAIN_SECONDS ({DRAIN_SECONDS})")
    options = parser.parse_args()
    failed = 0
    for balancer in BALANCERS:
        if not is_installed(balancer):
            print(f"{balancer}: not installed (apt-get install {balancer})")
            continue
        outcomes = rolling(balancer, options.times, options.drain)
        total, answered = sum(outcomes.values()), outcomes["200"]
        failed += total - answered
        print(f"{balancer}: {options.times} restarts, {total:,} requests, {total - answered} failed {dict(outcomes)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
