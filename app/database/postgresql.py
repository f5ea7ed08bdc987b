"""Connections to PostgreSQL that wait for a limited time only, whatever became of the other end.

A server that is cut off sends nothing, not even an end: packets are dropped, or its machine is stopped. TCP's own
limits (`TCP_LIMITS`) end what the kernel can see; a peer that acknowledges and never answers is left to `wait`, through
which psycopg passes whenever it waits for the server. Only imported where PostgreSQL is used, since it loads psycopg.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.waiting import wait
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from app.database.timeouts import BUSY_SECONDS, deadline

MARGIN_SECONDS = 0.4  # by which the server, which can say what was slow, is to be first
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


def postgresql_engine(url: URL, answer_seconds: float) -> Engine:
    """An engine whose connections wait for a limited time; answer_seconds: that a statement may take."""
    limits = f"-c lock_timeout={BUSY_SECONDS:.0f}s -c statement_timeout={answer_seconds:.0f}s"
    options = {**TCP_LIMITS, "options": limits, "application_name": "numeral"}
    engine = create_engine(
        url, poolclass=QueuePool, pool_pre_ping=True, pool_timeout=BUSY_SECONDS, connect_args=options
    )

    @event.listens_for(engine, "do_connect")
    def open_timed(_dialect: object, _record: object, _args: object, arguments: dict[str, Any]) -> TimedConnection:
        return connect(arguments)

    @event.listens_for(engine, "checkout")
    def lend(connection: TimedConnection, *_: object) -> None:
        connection.patience = answer_seconds + MARGIN_SECONDS

    @event.listens_for(engine, "checkin")
    def take_back(connection: TimedConnection | None, _record: object) -> None:
        if connection is not None:
            connection.patience = PING_SECONDS

    return engine


class TimedConnection(psycopg.Connection[Any]):
    """A connection that is closed when the server has said nothing for `patience` seconds, or at `deadline`."""

    patience = PING_SECONDS

    def wait(self, gen: PQGen[Any], interval: float = INTERVAL, timeout: float | None = None) -> Any:
        """What `gen` comes to. Raises OperationalError."""
        try:
            # The interval given may be longer than the patience.
            return wait(until_silent(gen, self.patience), self.pgconn.socket, interval=INTERVAL, timeout=timeout)
        except ServerSilent as error:
            self.pgconn.finish()
            raise psycopg.OperationalError(str(error)) from None


class ServerSilent(Exception):
    """The server says nothing."""


def until_silent(gen: PQGen[Any], patience: float) -> PQGen[Any]:
    """`gen`, as long as its socket is not silent for `patience` seconds. Raises ServerSilent."""
    started = last = time.monotonic()
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            now = time.monotonic()
            if ready:
                last = now
            elif now - last >= patience or now >= deadline.get():
                gen.close()
                raise ServerSilent(f"the database server has not answered for {now - started:.1f} seconds")
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value


def connect(arguments: dict[str, Any]) -> TimedConnection:
    """Connect, looking up the name included, which no setting of libpq limits. Raises OperationalError."""
    made: Future[TimedConnection] = Future()

    def attempt() -> None:
        try:
            made.set_result(TimedConnection.connect(**arguments))
        except BaseException as error:
            made.set_exception(error)

    threading.Thread(target=attempt, name="connect", daemon=True).start()
    seconds = min(CONNECT_SECONDS + 1, deadline.get() - time.monotonic())
    try:
        return made.result(max(seconds, 0.0))
    except TimeoutError:
        if made.done():  # it is what connecting raised
            raise
        made.add_done_callback(close_late)
        why = f"the database server could not be reached within {seconds:.0f} seconds"
        raise psycopg.OperationalError(why) from None


def close_late(made: Future[TimedConnection]) -> None:
    """Close a connection that came when nobody waited for it any more."""
    if made.exception() is None:
        made.result().close()
