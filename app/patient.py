"""Connections to PostgreSQL that wait for a limited time only, whatever became of the other end.

A server that is cut off sends nothing, not even an end: packets are dropped, or its machine is stopped. TCP's own
limits (`TCP_LIMITS`) end what the kernel can see; a peer that acknowledges and never answers is left to `wait`, through
which psycopg passes whenever it waits for the server. Only imported where PostgreSQL is used.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.waiting import wait

from app.engines import not_after

INTERVAL = 0.1  # seconds between two looks at the clock
PING_SECONDS = 2.0  # until a connection that lay in the pool is taken for a dead one
CONNECT_SECONDS = 3.0
TCP_LIMITS = {  # https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
    "connect_timeout": int(CONNECT_SECONDS),
    "keepalives": 1,
    "keepalives_idle": 10,  # seconds; below what firewalls forget idle connections after
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,  # milliseconds that sent data may stay unacknowledged
}


class Patient(psycopg.Connection[Any]):
    """A connection that is closed when the server has said nothing for `patience` seconds, or at `not_after`."""

    patience = PING_SECONDS

    def wait(self, gen: PQGen[Any], interval: float = INTERVAL, timeout: float | None = None) -> Any:
        """What `gen` comes to. Raises OperationalError."""
        try:
            return wait(heard(gen, self.patience), self.pgconn.socket, interval=INTERVAL, timeout=timeout)
        except Silent as error:
            self.pgconn.finish()
            raise psycopg.OperationalError(str(error)) from None


class Silent(Exception):
    """The server says nothing."""


def heard(gen: PQGen[Any], patience: float) -> PQGen[Any]:
    """`gen`, as long as its socket is not silent for `patience` seconds. Raises Silent."""
    started = last = time.monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            now = time.monotonic()
            if ready:
                last = now
            elif now - last >= patience or now >= not_after.get():
                gen.close()
                raise Silent(f"the database server has not answered for {now - started:.1f} seconds")
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value


def connect(arguments: dict[str, Any]) -> Patient:
    """Connect, looking up the name included, which no setting of libpq limits. Raises OperationalError."""
    opened: list[Patient] = []
    failed: list[BaseException] = []
    given_up = threading.Event()

    def attempt() -> None:
        try:
            opened.append(Patient.connect(**arguments))
        except BaseException as error:
            failed.append(error)
        if given_up.is_set() and opened:
            opened.pop().close()

    thread = threading.Thread(target=attempt, name="connect", daemon=True)
    thread.start()
    seconds = min(CONNECT_SECONDS + 1, not_after.get() - time.monotonic())
    thread.join(max(seconds, 0.0))
    if failed:
        raise failed[0]
    if thread.is_alive():
        given_up.set()
        raise psycopg.OperationalError(f"the database server could not be reached within {seconds:.0f} seconds")
    return opened[0]
