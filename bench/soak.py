"""Send good and bad requests for minutes: no 5xx, constant memory and descriptors, a fast `/livez`. `make soak`

python -m bench.soak --minutes 10

Several kinds of clients send requests to one server without pause. Some are valid; in others the pictures, JSON,
forms, headers or keys are cut, huge, deeply nested or wrong. `/livez` is requested every tenth of a second over its own
connection.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from multiprocessing.queues import Queue
from pathlib import Path
from typing import NamedTuple

import httpx
import numpy as np
from PIL import Image

from bench.servers import resident_megabytes
from model.preprocessing.pipeline import to_png
from tests.pictures import draw_seven, encoded, zipped
from tests.server import ADMIN_KEY, Server

PROBE_SECONDS = 0.1  # between two requests to /livez
LOOK_SECONDS = 5.0  # between two readings of memory and descriptors
SAMPLES = 50  # different samples, posted repeatedly
GROWTH = 1.1  # allowed ratio of memory in the last third of the time to that in the middle third
MORE_DESCRIPTORS = 20  # allowed growth, since the number of open connections varies
HONEST = {"small", "pictures", "batches", "teachers"}
GOOD = {"200", "201"}
MOST_LIVEZ = 0.1  # seconds
JSON = {"Content-Type": "application/json"}
ADMIN = {"Authorization": f"Bearer {ADMIN_KEY}"}


def colour(side: int) -> Image.Image:
    """A seven with three channels."""
    return draw_seven(side).convert("RGB")


def archive() -> bytes:
    """A ZIP with sevens and damaged images."""
    whole = {f"7/{number}.png": to_png(np.asarray(draw_seven(100 + number))) for number in range(20)}
    cut = {f"7/cut{number}.png": to_png(np.asarray(draw_seven()))[: 30 + number] for number in range(20)}
    return zipped(whole | cut)


Ask = Callable[[httpx.Client, random.Random], httpx.Response]


def posts(path: str, *bodies: bytes, **headers: str) -> Ask:
    """A request that posts one of the bodies."""
    return lambda client, dice: client.post(path, content=dice.choice(bodies), headers=headers)


def requests() -> dict[str, list[Ask]]:
    """Kind of client → the requests that it sends."""
    seven = to_png(np.asarray(draw_seven(28)))
    formats = [encoded(colour(300), name) for name in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")]
    cut = [file[: random.Random(number).randrange(1, len(file))] for number, file in enumerate(formats * 5)]
    as_json = b'{"pixels": %s}' % str((255 - np.asarray(draw_seven(28))).tolist()).encode()
    samples = [to_png(np.asarray(draw_seven(60 + number))) for number in range(SAMPLES)]
    bomb = gzip.compress(bytes(100_000_000), 1)
    return {
        "small": [posts("/predict", seven), posts("/predict", as_json, **JSON)],
        "pictures": [posts("/predict", *formats), posts("/predict?seen=true", *formats)],
        "batches": [lambda client, dice: client.post("/predict/batch", files=[("f", ("7.png", seven))] * 32)],
        "cut": [
            posts("/predict", *(seven[:length] for length in range(1, len(seven)))),
            posts("/predict", *cut),
            lambda client, dice: client.post("/predict/batch", files=[("f", ("7", dice.choice(cut)))] * 16),
        ],
        "hostile": [
            posts("/predict", encoded(colour(2000), "JPEG", progressive=True), encoded(colour(1000), "JPEG2000")),
            posts("/predict", b"\xff\xfe" + b"\x00\xd8" * 1_000_000, b"image=a&" + b"\xff" * 2_000_000),
            posts("/predict/batch", b"[" + b"1," * 500_000 + b"1]", **JSON),
            posts("/predict", b"[" * 1_000_000, b'{"a":' * 100_000, b'{"pixels": [%s]}' % (b"1," * 99_999), **JSON),
            posts("/predict", bomb, **{"Content-Encoding": "gzip"}),
            lambda client, dice: client.get("/livez", headers={"X-Long": "x" * 100_000}),
            lambda client, dice: client.get("/samples", headers={"Authorization": f"Bearer {dice.random()}"}),
            lambda client, dice: client.post("/predict", content=dice.randbytes(100_000)),
            lambda client, dice: client.get(f"/{dice.random()}"),
        ],
        "teachers": [
            lambda client, dice: client.post(
                "/samples", files={"file": dice.choice(samples)}, data={"label": str(dice.randrange(10))}, headers=ADMIN
            ),
            lambda client, dice: client.get("/samples", headers=ADMIN),
            lambda client, dice: client.get("/samples/export", headers=ADMIN),
            posts("/samples/import", archive(), **ADMIN),
        ],
    }


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
