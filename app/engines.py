"""Engines: how SQLite and PostgreSQL are opened, and how long they are waited for."""

from __future__ import annotations

import sqlite3
import time
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool, QueuePool

BUSY_SECONDS = 5.0  # that a transaction waits for another one's lock
ANSWER_SECONDS = 5.0  # that a request waits for one statement
LONG_ANSWER_SECONDS = 60.0  # who can wait for a longer one does: a training, a migration
MARGIN_SECONDS = 0.4  # by which the server, which can say what was slow, is to be first
not_after: ContextVar[float] = ContextVar("not_after", default=float("inf"))  # on the monotonic clock; ends a waiting
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",  # there may be no folder for temporary files
)


def make_engine(url: str, answer_seconds: float = LONG_ANSWER_SECONDS) -> Engine:
    """An engine for the URL; answer_seconds: that PostgreSQL may take for a statement."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        # Without a pool a file that was replaced or became writable again is seen by the next transaction.
        engine = create_engine(parsed, poolclass=NullPool)
        event.listen(engine, "connect", prepare_sqlite)
        event.listen(engine, "begin", begin_sqlite)
        return engine
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername != "postgresql+psycopg":
        return create_engine(parsed, poolclass=QueuePool, pool_pre_ping=True, pool_timeout=BUSY_SECONDS)
    from app import patient  # loads psycopg

    limits = f"-c lock_timeout={BUSY_SECONDS:.0f}s -c statement_timeout={answer_seconds:.0f}s"
    options = {**patient.TCP_LIMITS, "options": limits, "application_name": "numeral"}
    engine = create_engine(
        parsed, poolclass=QueuePool, pool_pre_ping=True, pool_timeout=BUSY_SECONDS, connect_args=options
    )

    def connect(_dialect: object, _record: object, _arguments: object, keywords: dict[str, Any]) -> patient.Patient:
        return patient.connect(keywords)

    def lend(connection: patient.Patient, *_: object) -> None:
        connection.patience = answer_seconds + MARGIN_SECONDS

    def take_back(connection: patient.Patient | None, _record: object) -> None:
        if connection is not None:
            connection.patience = patient.PING_SECONDS

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkout", lend)
    event.listen(engine, "checkin", take_back)
    return engine


def prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Durable, concurrent, and with explicit transactions (https://www.sqlite.org/wal.html)."""
    connection.isolation_level = None
    seconds = max(0.0, min(BUSY_SECONDS, not_after.get() - time.monotonic()))
    connection.execute(f"PRAGMA busy_timeout={seconds * 1000:.0f}").close()
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def begin_sqlite(connection: Connection) -> None:
    """A writer takes its lock at once: a reader that turns writer can't wait for one (SQLITE_BUSY_SNAPSHOT)."""
    reads = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def sqlite_file(url: str) -> Path | None:
    """The database's file, None for what is not one."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    return make_url(url).render_as_string(hide_password=True)
