"""What a server takes: time until it is ready, memory, and what a second worker on a second core gives."""

from __future__ import annotations

import statistics
import time

from bench.forms import raw
from bench.load import CONNECTIONS, press
from bench.servers import BOTH_CORES, CLIENT_CORE, SERVER_CORE, cpu_seconds, numeral, resident_megabytes

FEW, MANY = 10_000, 200_000  # requests
STRETCH_SECONDS = 4  # of load between two looks at the count
Facts = dict[str, float]


def ready_seconds(starts: int) -> float:
    """From the start of the process to the first 200 of /readyz, with a new folder: database and weights are made."""
    taken = []
    for _ in range(starts):
        started = time.perf_counter()
        with numeral():
            taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def memory(smoke: bool) -> Facts:
    """Resident memory of one worker, idle and after so many raw bodies; a smoke run sends one second of them."""
    body, sent = raw(), 0
    facts: Facts = {}
    with numeral() as (url, pid):
        facts["memory idle, MB"] = resident_megabytes(pid)
        for count in (FEW, MANY):
            while sent < count:
                sent += press(url, body, CONNECTIONS, 1 if count == FEW else STRETCH_SECONDS).requests
                if smoke:
                    return facts
            facts[f"memory after {count:,} requests, MB"] = resident_megabytes(pid)
    return facts


def workers(rounds: int, seconds: int) -> Facts:
    """Two workers on two cores against one on one, in turns.

    With two cores in all, `wrk` shares them with the two workers, while beside the one it has a core to itself; what
    it takes is lost to the two. CPU seconds are those of all of the server's processes.
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
