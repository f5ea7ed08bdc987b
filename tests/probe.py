"""How long a server's `/livez` takes while others keep it busy, measured by a process of its own.

A thread beside those others would wait for Python's lock, and measure that.
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
    """Ask `/livez` again and again meanwhile; afterwards the list holds the seconds that the slowest answer took."""
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
    """The least of a few measurements, until one is below enough: a busy machine slows one, a fault each of them."""
    values = []
    for _ in range(times):
        values.append(measure())
        if values[-1] < enough:
            break
    return min(values)
