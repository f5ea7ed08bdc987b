"""Measure how long a server's `/livez` takes under load, from a separate process.

A thread in this process would wait for Python's lock (GIL), and measure that.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SCRIPT = """
import http.client, select, sys, time
host, port = sys.argv[1].removeprefix("http://").split(":")
connection, slowest = http.client.HTTPConnection(host, int(port), timeout=60), 0.0
while not select.select([sys.stdin], [], [], 0.005)[0]:
    started = time.perf_counter()
    connection.request("GET", "/livez")
    assert connection.getresponse().read() == b'{"status":"ok"}'
    slowest = max(slowest, time.perf_counter() - started)
print(slowest)
"""


@contextmanager
def watched(url: str) -> Iterator[list[float]]:
    """Request `/livez` repeatedly within the context; afterwards the list holds the seconds of the slowest answer."""
    slowest: list[float] = []
    command = [sys.executable, "-c", SCRIPT, url]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield slowest
        printed, _ = process.communicate("\n", timeout=60)
        slowest.append(float(printed))
    finally:
        process.kill()
        process.communicate()


def least(measure: Callable[[], float], enough: float, times: int = 3) -> float:
    """The least of a few measurements; stop at one below `enough`. A busy machine slows some, a fault slows all."""
    values = []
    for _ in range(times):
        values.append(measure())
        if values[-1] < enough:
            break
    return min(values)
