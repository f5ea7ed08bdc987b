"""Measure what a server needs: time until it is ready, memory, and the gain of a second worker on a second core."""

from __future__ import annotations

import statistics
import time

from bench.forms import raw
from bench.load import CONNECTIONS, press
from bench.servers import BOTH_CORES, CLIENT_CORE, SERVER_CORE, cpu_seconds, numeral, resident_megabytes

FEW, MANY = 10_000, 200_000  # requests
MEMORY = "memory after {:,} requests, MB"  # name of the measurement
STRETCH_SECONDS = 4  # of load between two checks of the count
Facts = dict[str, float]


def ready_seconds(starts: int) -> float:
    """Median seconds from the process's start to the first 200 of /readyz, creating database and weights anew."""
    taken = []
    for _ in range(starts):
        started = time.perf_counter()
        with numeral():
            taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def memory(smoke: bool) -> Facts:
    """Resident memory of one worker: idle, after FEW and after MANY raw bodies. A smoke run ends after one second."""
    body, sent = raw(), 0
    facts: Facts = {}
    with numeral() as (url, pid):
        facts["memory idle, MB"] = resident_megabytes(pid)
        for count in (FEW, MANY):
            while sent < count:
                sent += press(url, body, CONNECTIONS, 1 if count == FEW else STRETCH_SECONDS).requests
                if smoke:
                    return facts
            facts[MEMORY.format(count)] = resident_megabytes(pid)
    return facts


def workers(rounds: int, seconds: int) -> Facts:
    """Compare two workers on two cores with one worker on one core, loaded alternately.

    On a machine with two cores `wrk` shares them with the two workers, but has its own core beside the one worker. So
    the two workers lose the time that it uses. CPU seconds are the sum over the server's processes.
    """
    body = raw()
    rates: dict[int, list[float]] = {1: [], 2: []}
    used, sent = {1: 0.0, 2: 0.0}, {1: 0, 2: 0}
    client = {1: CLIENT_CORE, 2: BOTH_CORES}
    with numeral(SERVER_CORE) as one, numeral(BOTH_CORES, NUMERAL_WORKERS="2") as two:
        for _ in range(rounds):
            for count, (url, pid) in ((1, one), (2, two)):
                before = cpu_seconds(pid)
                load = press(url, body, 2 * CONNECTIONS, seconds, client[count])
                used[count] += cpu_seconds(pid) - before
                rates[count].append(load.rate)
                sent[count] += load.requests
    facts: Facts = {}
    for count, name in ((1, "one worker"), (2, "two workers")):
        facts[f"{name}, requests/s"] = statistics.median(rates[count])
        facts[f"{name}, CPU seconds for 1,000 requests"] = used[count] / sent[count] * 1000
    return facts
