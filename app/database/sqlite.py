"""SQLite: how connections are opened, and how a file that is deleted or replaced while the service runs is noticed."""

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

LOOK_SECONDS = 0.01  # between two tries to get a lock for which SQLite itself does not wait
PRAGMAS = (
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",  # a container may have no writable folder for temporary files
)
Identity = tuple[int, int] | None  # device and inode of a file; None when there is no file


def sqlite_engine(url: str) -> Engine:
    """An engine without a pool: each transaction opens the file, so it notices a replaced or repaired one at once."""
    engine = create_engine(url, poolclass=NullPool)
    event.listen(engine, "connect", prepare_sqlite)
    event.listen(engine, "begin", begin_sqlite)
    return engine


def prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Set up a connection: durable, explicit transactions, write-ahead log (https://www.sqlite.org/wal.html)."""
    connection.isolation_level = None
    now = time.monotonic()
    seconds = max(0.0, min(BUSY_SECONDS, deadline.get() - now))
    connection.execute(f"PRAGMA busy_timeout={seconds * 1000:.0f}").close()
    log_writes_ahead(connection, now + seconds)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def log_writes_ahead(connection: sqlite3.Connection, latest: float) -> None:
    """Turn on the write-ahead log; retry while the file is locked, since SQLite ignores `busy_timeout` for a new file.

    latest: when to stop trying, on the monotonic clock. Raises sqlite3.OperationalError.
    """
    while True:
        try:
            return connection.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > latest:
                raise
            time.sleep(LOOK_SECONDS)


def begin_sqlite(connection: Connection) -> None:
    """Begin the transaction. A writer takes the write lock at once (BEGIN IMMEDIATE).

    A transaction that begins by reading can't wait for the lock later: SQLite fails with SQLITE_BUSY_SNAPSHOT.
    """
    reads = connection.get_execution_options().get("read_only", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def sqlite_file(url: str) -> Path | None:
    """The database's file; None for another kind of database, or one in memory."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


class SqliteFiles:
    """The file at `path` and its write-ahead log. `path` is None for a database without a local file."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._known: Identity = None
        self._pin: int | None = None
        self._lock = threading.Lock()

    def folder_is_missing(self) -> bool:
        """Whether the file's folder is missing."""
        return self.path is not None and not self.path.parent.exists()

    def identities(self) -> tuple[Identity, Identity]:
        """The identities of the file and its log now. No other file can get an identity while its file is open."""
        if self.path is None:
            return None, None
        return identity_of(self.path), identity_of(self.path.with_name(f"{self.path.name}-wal"))

    def note(self, identity: Identity) -> bool:
        """Remember the file. Returns whether it differs from the one remembered before."""
        with self._lock:
            known = self._known
            if self.path is None or identity == known:
                return False
            self._known = identity
            self._hold(self.path)
            return known is not None

    def close(self) -> None:
        """Forget the file."""
        with self._lock:
            self._let_go()

    def _hold(self, path: Path) -> None:
        """Hold the inode with O_PATH, so that its number is not reused.

        Opening the file itself would be wrong: closing it would end the locks that SQLite holds on it.
        """
        self._let_go()
        if hasattr(os, "O_PATH"):
            with suppress(OSError):
                self._pin = os.open(path, os.O_PATH | os.O_CLOEXEC)

    def _let_go(self) -> None:
        if self._pin is not None:
            os.close(self._pin)
            self._pin = None

    def explained(self, why: str) -> str:
        """The message of SQLite or the system, with the path that it is about, and whether that can't be written."""
        if self.path is None:
            return why
        for path in (self.path.parent, self.path):
            if path.exists() and not os.access(path, os.W_OK, effective_ids=True):
                return f"{path} can't be written by user {os.geteuid()}: {why}"
        return why if str(self.path.parent) in why else f"{self.path}: {why}"


def identity_of(path: Path) -> Identity:
    """The identity of the file at the path."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
