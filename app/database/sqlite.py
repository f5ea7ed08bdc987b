"""SQLite: how it is opened, and which files it lies in.

They can be deleted or replaced while the service runs.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool

from app.database.timeouts import BUSY_SECONDS, deadline

LOOK_SECONDS = 0.01  # between two tries to get a lock that SQLite itself does not wait for
PRAGMAS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",  # there may be no folder for temporary files
)
Identity = tuple[int, int] | None  # device and inode of a file, None for none


def sqlite_engine(url: str) -> Engine:
    """An engine without a pool: a file that was replaced or became writable again is seen by the next transaction."""
    engine = create_engine(url, poolclass=NullPool)
    event.listen(engine, "connect", prepare_sqlite)
    event.listen(engine, "begin", begin_sqlite)
    return engine


def prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Durable, concurrent, and with explicit transactions (https://www.sqlite.org/wal.html)."""
    connection.isolation_level = None
    now = time.monotonic()
    seconds = max(0.0, min(BUSY_SECONDS, deadline.get() - now))
    connection.execute(f"PRAGMA busy_timeout={seconds * 1000:.0f}").close()
    log_writes_ahead(connection, now + seconds)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def log_writes_ahead(connection: sqlite3.Connection, latest: float) -> None:
    """Turn on the write-ahead log, for which SQLite does not wait out `busy_timeout` where a file gets its first one.

    latest: the last moment on the monotonic clock to try it at. Raises sqlite3.OperationalError.
    """
    while True:
        try:
            return connection.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > latest:
                raise
            time.sleep(LOOK_SECONDS)


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


class SqliteFiles:
    """The file at `path` and its write-ahead log; `path` is None for another kind of database, which has no files."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._known: Identity = None
        self._pin: int | None = None
        self._lock = threading.Lock()

    def folder_is_missing(self) -> bool:
        """Whether there is no folder to hold the file."""
        return self.path is not None and not self.path.parent.exists()

    def identities(self) -> tuple[Identity, Identity]:
        """The file and its log, as they lie at their paths now. While a file is open, its identity is no other's."""
        if self.path is None:
            return None, None
        return identity_of(self.path), identity_of(self.path.with_name(f"{self.path.name}-wal"))

    def note(self, identity: Identity) -> bool:
        """Remember the file; whether it is another one than before."""
        with self._lock:
            known = self._known
            if self.path is None or identity == known:
                return False
            self._known = identity
            self._hold(self.path)
            return known is not None

    def close(self) -> None:
        """Let go of the file that is remembered."""
        with self._lock:
            self._let_go()

    def _hold(self, path: Path) -> None:
        """Keep the inode's number from being used again, without opening the file, whose locks closing would end."""
        self._let_go()
        if hasattr(os, "O_PATH"):
            with suppress(OSError):
                self._pin = os.open(path, os.O_PATH | os.O_CLOEXEC)

    def _let_go(self) -> None:
        if self._pin is not None:
            os.close(self._pin)
            self._pin = None

    def explained(self, why: str) -> str:
        """What SQLite or the system says, with what can't be written."""
        if self.path is None:
            return why
        for path in (self.path.parent, self.path):
            if path.exists() and not os.access(path, os.W_OK, effective_ids=True):
                return f"{path} can't be written by user {os.geteuid()}: {why}"
        return why if str(self.path.parent) in why else f"{self.path}: {why}"


def identity_of(path: Path) -> Identity:
    """Which file lies there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
