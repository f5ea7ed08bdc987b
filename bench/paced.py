"""Load from an open loop: each request is sent at a set moment, whether or not the earlier ones are answered.

A closed loop such as `wrk` sends fewer requests while the server is slow, so it measures too few slow answers
(coordinated omission). Here each latency counts from the moment at which its request was due, on a connection opened
before. The moments are evenly spaced, as in wrk2, or random (a Poisson process), as from many independent clients.
The client sleeps until shortly before a moment and then polls the clock, because a timer would wake it too late.
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

MARGIN_SECONDS = 0.001  # before a moment; from then on the client polls the clock
LATEST_SECONDS = 5.0  # after the last moment; a request without an answer by then has failed


def percentile(latencies: list[float], share: float) -> float:
    """The percentile of ascending latencies. share: 0–1, for example 0.99 for the p99."""
    return latencies[min(int(share * len(latencies)), len(latencies) - 1)]


class Line:
    """A connection that carries one request at a time."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.due = 0.0
        self.received = b""

    def ask(self, request: bytes, due: float) -> None:
        """Send the request. due: when it was to be sent, by `time.perf_counter`."""
        self.due, self.received = due, b""
        self.socket.sendall(request)

    def status(self) -> int | None:
        """Receive; return the status when the answer is complete, None before, 0 when the connection was closed."""
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
    """The request as bytes; a GET when the body is empty."""
    method = "POST" if body.data else "GET"
    head = f"{method} {body.path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body.data)}\r\n"
    return f"{head}Content-Type: {body.content_type}\r\n\r\n".encode() + body.data


def moments(rate: float, seconds: float, scattered: bool) -> list[float]:
    """When requests are due, in seconds from the start. scattered: a Poisson process instead of even spacing."""
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
    """Send `rate` requests a second on average. A request waits when no connection is free.

    Returns latencies in seconds, ascending; infinity for a request without an answer of status 200.
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
    """Send each request at its moment, wait for the answers, and return the latencies, ascending."""
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
