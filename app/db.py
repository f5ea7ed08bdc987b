"""The database: SQLite in `var/` or PostgreSQL by URL, with the same code, in short transactions.

Nothing is cached across transactions, so a database that was locked, full, read-only, damaged or away is used again
by the first transaction after the cause is gone. The schema is `app.migrate`'s.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool, QueuePool

from app.errors import Problem

BUSY_SECONDS = 5.0  # that a transaction waits for another one's lock
RETRY_SECONDS = 0.5  # between two tries of who must get through
INSIST_SECONDS = 1800.0  # until even they give up
POSTGRESQL_OPTIONS = f"-c lock_timeout={BUSY_SECONDS:.0f}s -c statement_timeout=60s"
T = TypeVar("T")


class DatabaseUnavailable(Problem):
    status, slug, title = 503, "database-unavailable", "The database can't be used now"
    remedy = "Try again later; the operator should look at its disk space, permissions and connection."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "5"})


class Database:
    """Short transactions on one URL. Whatever the database can't do is a DatabaseUnavailable.

    failed_at: when that happened last, seconds of the monotonic clock.
    """

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self.failed_at = float("-inf")
        self._reader = self.engine.execution_options(read_only=True)

    def begin(self) -> AbstractContextManager[Connection]:
        """A transaction that writes: committed durably on leaving, rolled back on an exception."""
        return self._transaction(self.engine)

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads, and on SQLite waits for no writer."""
        return self._transaction(self._reader)

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        try:
            with engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except (DBAPIError, PoolTimeout) as error:
            self.failed_at = time.monotonic()
            raise DatabaseUnavailable(f"{first_line(error)}.") from error

    def insist(self, action: Callable[[], T]) -> T:
        """Do what must be done in the end; wait for a database that is away. Raises DatabaseUnavailable after long."""
        deadline = time.monotonic() + INSIST_SECONDS
        while True:
            try:
                return action()
            except DatabaseUnavailable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(RETRY_SECONDS)

    def close(self) -> None:
        """Let go of open connections."""
        self.engine.dispose()


def first_line(error: Exception) -> str:
    """What the driver says, in one line without a full stop."""
    text = str(getattr(error, "orig", None) or error) or type(error).__name__
    return text.strip().splitlines()[0].rstrip(".")


def make_engine(url: str) -> Engine:
    """An engine for the URL."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        # Without a pool a file that was replaced or became writable again is seen by the next transaction.
        engine = create_engine(parsed, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", prepare_sqlite)
        event.listen(engine, "begin", begin_sqlite)
        return engine
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    options = {"connect_timeout": 5, "options": POSTGRESQL_OPTIONS, "application_name": "numeral"}
    return create_engine(parsed, poolclass=QueuePool, pool_pre_ping=True, pool_timeout=5, connect_args=options)


def prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Durable, concurrent, and with explicit transactions (https://www.sqlite.org/wal.html)."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
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


def as_time(seconds: float | None) -> str | None:
    """RFC 3339 in UTC of seconds since 1970."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
