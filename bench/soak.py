"""Send good and bad requests for minutes: no 5xx, constant memory and descriptors, a fast `/livez`. `make soak`

python -m bench.soak --minutes 10

Several kinds of clients send the requests of traffic.py to one server without pause. `/livez` is requested every tenth
of a second over its own connection.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from multiprocessing.queues import Queue
from pathlib import Path
from typing import NamedTuple

import httpx

from bench.servers import resident_megabytes
from bench.traffic import Ask, requests
from tests.server import Server

PROBE_SECONDS = 0.1  # between two requests to /livez
LOOK_SECONDS = 5.0  # between two readings of memory and descriptors
GROWTH = 1.1  # allowed ratio of memory in the last third of the time to that in the middle third
MORE_DESCRIPTORS = 20  # allowed growth, since the number of open connections varies
HONEST = {"small", "pictures", "pages", "batches", "teachers"}
GOOD = {"200", "201"}
MOST_LIVEZ = 0.1  # seconds


def send(url: str, seconds: float, outcomes: Queue[Counter[tuple[str, str]]]) -> None:
    """Send requests for `seconds`, in one thread for each kind of client, and put the counts into the queue."""
    counted: Counter[tuple[str, str]] = Counter()
    deadline = time.monotonic() + seconds

    def ask(kind: str, asks: Sequence[Ask]) -> None:
        dice = random.Random(kind)
        with httpx.Client(base_url=url, timeout=60) as client:
            while time.monotonic() < deadline:
                try:
                    outcome = str(dice.choice(asks)(client, dice).status_code)
                except httpx.TransportError as error:  # the server may answer and close before all is sent
                    outcome = type(error).__name__
                counted[kind, outcome] += 1

    threads = [threading.Thread(target=ask, args=pair) for pair in requests().items()]
    threads.append(threading.Thread(target=leave_open, args=(url, deadline)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outcomes.put(counted)


def leave_open(url: str, deadline: float) -> None:
    """Open connections with incomplete requests, 20 at a time, until the deadline."""
    address = httpx.URL(url)
    while time.monotonic() < deadline:
        idle = [socket.create_connection((address.host, address.port or 80)) for _ in range(20)]
        for number, connection in enumerate(idle):
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"[: 4 * number])
        time.sleep(1.0)
        for connection in idle:
            connection.close()


class Soak(NamedTuple):
    """The results.

    outcomes: count of each (kind of client, status); slowest: the slowest /livez in seconds; megabytes, descriptors:
    resident memory and open descriptors over time.
    """

    outcomes: Counter[tuple[str, str]]
    slowest: float
    megabytes: list[float]
    descriptors: list[int]

    def faults(self) -> list[str]:
        """Each violated rule as a clause; empty when all is well."""
        third = max(1, len(self.megabytes) // 3)
        before, after = statistics.median(self.megabytes[third : 2 * third]), max(self.megabytes[-third:])
        found = [
            f"{kind}: {count} × {outcome}"
            for (kind, outcome), count in sorted(self.outcomes.items())
            if outcome.startswith("5") or (kind in HONEST and outcome not in GOOD)
        ]
        if self.slowest > MOST_LIVEZ:
            found.append(f"/livez took {1000 * self.slowest:.0f} ms")
        if after > GROWTH * before:
            found.append(f"memory grew from {before:.0f} to {after:.0f} MB")
        if max(self.descriptors[-third:]) > max(self.descriptors[: 2 * third]) + MORE_DESCRIPTORS:
            found.append(f"descriptors grew from {self.descriptors[0]} to {self.descriptors[-1]}")
        return found


def soak(seconds: float) -> Soak:
    """Run all clients against a new server for `seconds`."""
    with tempfile.TemporaryDirectory(prefix="numeral-soak-") as folder:
        server = Server(Path(folder), NUMERAL_BODY_TIMEOUT="5", NUMERAL_HEADER_TIMEOUT="5")
        context = multiprocessing.get_context("spawn")
        outcomes: Queue[Counter[tuple[str, str]]] = context.Queue()
        sender = context.Process(target=send, args=(server.url, seconds, outcomes))
        sender.start()
        try:
            slowest, megabytes, descriptors = watch(server, sender)
            return Soak(outcomes.get(timeout=30), slowest, megabytes, descriptors)
        finally:
            sender.kill()
            server.close()


def watch(server: Server, sender: multiprocessing.process.BaseProcess) -> tuple[float, list[float], list[int]]:
    """Observe the server until the clients end. Returns the slowest /livez, and memory and descriptors over time."""
    slowest, megabytes, descriptors = 0.0, [], []
    next_look = 0.0
    pid = server.process.pid
    while sender.is_alive() or not megabytes:
        begun = time.perf_counter()
        server.client.get("/livez").raise_for_status()
        slowest = max(slowest, time.perf_counter() - begun)
        if time.monotonic() >= next_look:
            megabytes.append(resident_megabytes(pid))
            descriptors.append(len(list(Path(f"/proc/{pid}/fd").iterdir())))
            next_look = time.monotonic() + LOOK_SECONDS
        sender.join(PROBE_SECONDS)
    return slowest, megabytes, descriptors


def main() -> int:
    """Print the results. Returns exit status 1 when a rule was violated."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description="Mixed good and bad traffic for minutes.")
    parser.add_argument("--minutes", type=float, default=10.0)
    result = soak(60 * parser.parse_args().minutes)
    print(f"{sum(result.outcomes.values()):,} requests")
    for kind in sorted({kind for kind, _ in result.outcomes}):
        answers = {outcome: count for (of, outcome), count in sorted(result.outcomes.items()) if of == kind}
        print(f"  {kind:<9} {answers}")
    print(f"slowest /livez {1000 * result.slowest:.0f} ms")
    print(
        "memory, MB: " + " ".join(f"{value:.0f}" for value in result.megabytes[:: max(1, len(result.megabytes) // 20)])
    )
    print("descriptors: " + " ".join(map(str, result.descriptors[:: max(1, len(result.descriptors) // 20)])))
    for fault in result.faults():
        print(f"FAULT: {fault}")
    return 1 if result.faults() else 0


if __name__ == "__main__":
    sys.exit(main())
