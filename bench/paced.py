"""Requests at set moments, whatever becomes of the earlier ones: an open loop, which `wrk` is not.

A closed loop asks less while the server is slow, and so measures few of the bad moments (coordinated omission). Here
every latency counts from the moment when its request was due, on a connection that was open before. The moments are
evenly spaced, as wrk2 has them, or random (a Poisson process), as many strangers make them. Until shortly before a
moment the client sleeps; then it looks at the clock without pause, since a timer would come too late.
"""

from __future__ import annotations

import math
import random
import select
import socket
import time
from collections import deque

from bench.load import Body
from bench.servers import CLIENT_CORE, address, on_core

MARGIN_SECONDS = 0.001  # before a moment, in which the client no longer sleeps
LATEST_SECONDS = 5.0  # after the last moment; what is unanswered then has failed


def percentile(latencies: list[float], share: float) -> float:
    """What this share of the ascending latencies, 0–1, does not exceed."""
    return latencies[min(int(share * len(latencies)), len(latencies) - 1)]


class Line:
    """A connection that carries one request at a time."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self.received = b""

    def ask(self, request: bytes, due: float) -> None:
        """Send the request that is due at this moment."""
        self.due, self.received = due, b""
        self.socket.sendall(request)

    def status(self) -> int | None:
        """The status of the answer once all of it has come, None before, 0 when the connection was closed."""
        chunk = self.socket.recv(65_536)
        if not chunk:
            return 0
        self.received += chunk
        head, blank, body = self.received.partition(b"\r\n\r\n")
        if not blank:
            return None
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        return int(head.split(maxsplit=2)[1]) if len(body) >= length else None


def request_bytes(host: str, body: Body) -> bytes:
    """The request as it goes over the wire; GET when there is nothing to post."""
    method = "POST" if body.data else "GET"
    head = f"{method} {body.path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body.data)}\r\n"
    return f"{head}Content-Type: {body.content_type}\r\n\r\n".encode() + body.data


def moments(rate: float, seconds: float, scattered: bool) -> list[float]:
    """When requests are due, in seconds from the start."""
    if not scattered:
        return [number / rate for number in range(int(rate * seconds))]
    source, due = random.Random(7), 0.0
    found: list[float] = []
    while (due := due + source.expovariate(rate)) < seconds:
        found.append(due)
    return found


def pace(
    url: str, body: Body, rate: float, seconds: float, connections: int = 32, scattered: bool = False
) -> list[float]:
    """Ask `rate` times a second on average; a request that finds no free connection waits for one.

    Latencies in seconds, ascending; what was not answered 200 took for ever.
    """
    host, port = address(url)
    with on_core(CLIENT_CORE):
        lines = [Line(host, port) for _ in range(connections)]
        try:
            return drive(lines, request_bytes(host, body), moments(rate, seconds, scattered))
        finally:
            for line in lines:
                line.socket.close()


def drive(lines: list[Line], request: bytes, schedule: list[float]) -> list[float]:
    """Send each request at its moment and wait for the answers; latencies, ascending."""
    latencies: list[float] = []
    started = time.perf_counter()
    due = deque(started + moment for moment in schedule)
    last, free = due[-1] + LATEST_SECONDS, deque(lines)
    busy: dict[int, Line] = {}
    with select.epoll() as poll:
        while (due or busy) and time.perf_counter() < last:
            while due and free and due[0] <= time.perf_counter():
                line = free.popleft()
                line.ask(request, due.popleft())
                busy[line.socket.fileno()] = line
                poll.register(line.socket, select.EPOLLIN)
            pause = max(due[0] - time.perf_counter() - MARGIN_SECONDS, 0) if due and free else LATEST_SECONDS
            for number, _ in poll.poll(int(pause * 1000) / 1000):
                line = busy[number]
                if (status := line.status()) is None:
                    continue
                poll.unregister(busy.pop(number).socket)
                if status:
                    free.append(line)
                latencies.append(time.perf_counter() - line.due if status == 200 else math.inf)
    latencies.extend([math.inf] * (len(due) + len(busy)))
    return sorted(latencies)
