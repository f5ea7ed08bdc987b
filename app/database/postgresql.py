"""Connections to PostgreSQL that never wait without a time limit.

When the network drops packets or the server's machine stops, the connection stays open and nothing arrives. TCP's
limits (`TCP_LIMITS`) close a connection whose peer acknowledges nothing. They don't notice a peer that acknowledges
but never answers; `TimedConnection.wait` does, which psycopg calls whenever it waits for the server.
Import this module only where PostgreSQL is used: it loads psycopg.
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

MARGIN_SECONDS = 0.4  # added to the server's own limit, so that the server reports first: it knows what was slow
INTERVAL = 0.1  # seconds between two checks of the time
PING_SECONDS = 2.0  # after which a pooled connection that does not answer a ping is closed
CONNECT_SECONDS = 3.0
TCP_LIMITS = {  # https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
    "connect_timeout": int(CONNECT_SECONDS),
    "keepalives": 1,
    "keepalives_idle": 10,  # seconds; firewalls forget connections that are idle for longer
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,  # milliseconds that sent data may stay unacknowledged
}


def postgresql_engine(url: URL, answer_seconds: float) -> Engine:
    """An engine whose connections wait for a limited time. answer_seconds: time limit for a statement."""
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
    """A connection that closes when the server has sent nothing for `patience` seconds, or at `deadline`."""

    patience = PING_SECONDS

    def wait(self, gen: PQGen[Any], interval: float = INTERVAL, timeout: float | None = None) -> Any:
        """Run psycopg's generator and return its result. Raises OperationalError when the server is silent."""
        try:
            # INTERVAL instead of `interval`, which may be longer than the patience.
            return wait(until_silent(gen, self.patience), self.pgconn.socket, interval=INTERVAL, timeout=timeout)
        except ServerSilent as error:
            self.pgconn.finish()
            raise psycopg.OperationalError(str(error)) from None


class ServerSilent(Exception):
    """The server has sent nothing for too long."""


def until_silent(gen: PQGen[Any], patience: float) -> PQGen[Any]:
    """Wrap `gen`. Raises ServerSilent when its socket is silent for `patience` seconds, or at `deadline`."""
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
    """Connect within a time limit. Raises OperationalError.

    The limit includes the look-up of the host's name (DNS), which no setting of libpq limits.
    """
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
        if made.done():  # connecting itself raised this TimeoutError
            raise
        made.add_done_callback(close_late)
        why = f"the database server could not be reached within {seconds:.0f} seconds"
        raise psycopg.OperationalError(why) from None


def close_late(made: Future[TimedConnection]) -> None:
    """Close a connection that was made after `connect` had given up."""
    if made.exception() is None:
        made.result().close()
