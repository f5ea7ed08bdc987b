"""Short transactions on the database: SQLite in `var/`, or PostgreSQL by URL, with the same code.

Nothing is cached across transactions. So after a database was locked, full, read-only, damaged, deleted or
unreachable, the first transaction after the repair works again. When a transaction finds the tables missing or of an
earlier version, it creates or migrates them first (`migrate.py`) and warns the operator.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine, Transaction
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.database.circuit_breaker import CircuitBreaker
from app.database.engines import first_line, make_engine
from app.database.migrate import HEAD, REVISION, SchemaTooNew
from app.database.recovery import Recovery
from app.database.sqlite import Identity, SqliteFiles, sqlite_file
from app.database.timeouts import BUSY_SECONDS, LONG_ANSWER_SECONDS, deadline
from app.http.errors import Problem

ENTER_SECONDS = BUSY_SECONDS  # a transaction must begin within this time
PROBE_SECONDS = 0.5  # the same for a request that probes a database that failed before
RETRY_SECONDS = 0.5  # between two tries of `retry`
MAX_RETRY_SECONDS = 1800.0  # after which `retry` gives up
WATCH_SECONDS = 2.0  # between two checks of `watch`
UNDEFINED_TABLE = "42P01"  # https://www.postgresql.org/docs/current/errcodes-appendix.html
SWAPPED = "The database was deleted or replaced during the transaction, which is lost."
T = TypeVar("T")


class DatabaseUnavailable(Problem):
    status, slug, title = 503, "database-unavailable", "The database can't be used now"
    remedy = "Try again later; the operator should look at its disk space, permissions and connection."
    retry_after = 5


class Database:
    """Short transactions on one URL. Every failure of the database is raised as DatabaseUnavailable.

    The exception is IntegrityError, which callers expect: it is raised as it is.
    answer_seconds: PostgreSQL's time limit for a statement.
    failed_at: time of the last failure, in seconds of the monotonic clock.
    """

    def __init__(self, url: str, answer_seconds: float = LONG_ANSWER_SECONDS) -> None:
        self.engine = make_engine(url, answer_seconds)
        self.failed_at = float("-inf")
        self._files = SqliteFiles(sqlite_file(url))
        self._reader = self.engine.execution_options(read_only=True)
        self._writing, self._reading = CircuitBreaker(), CircuitBreaker()
        self._recovery = Recovery(url, self.engine, self._files)
        self._watched = False
        self._trouble: str | None = None  # found by the last check of `watch`
        self._closed = threading.Event()

    @property
    def warning(self) -> str | None:
        """A warning for the operator, if any: that the database can't be used now, or that data was lost."""
        trouble = str(self._writing.why) if self._writing.why else self._trouble
        return " ".join(filter(None, (self._recovery.notice, trouble))) or None

    def begin(self) -> AbstractContextManager[Connection]:
        """A transaction that writes: committed durably at the end of the block, rolled back on an exception."""
        return self._transaction(self.engine, self._writing)

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads. On SQLite it does not wait for a writer."""
        return self._transaction(self._reader, self._reading)

    @contextmanager
    def _transaction(self, engine: Engine, circuit: CircuitBreaker, patient: bool = False) -> Iterator[Connection]:
        try:
            with circuit.attempt() as is_probe:
                seconds = PROBE_SECONDS if is_probe and not patient and self._watched else ENTER_SECONDS
                connection, transaction, files = self._enter(engine, seconds)
            with connection:
                with transaction:
                    yield connection
                # If the file was deleted meanwhile, this process committed to a file that nobody else can open.
                if engine is self.engine and self._files.identities() != files:
                    raise DatabaseUnavailable(SWAPPED)
        except IntegrityError:
            raise
        except DatabaseUnavailable:
            self.failed_at = time.monotonic()
            raise
        except (DBAPIError, PoolTimeout) as error:
            self.failed_at = time.monotonic()
            if lacks_table(error):
                self._recovery.is_due = True
            raise DatabaseUnavailable(f"{first_line(error)}.") from error

    def _enter(self, engine: Engine, seconds: float) -> tuple[Connection, Transaction, tuple[Identity, Identity]]:
        """Begin a transaction on this version's schema, within `seconds`. Also returns the identities of the files.

        Raises DatabaseUnavailable.
        """
        latest = time.monotonic() + seconds
        token = deadline.set(latest)
        try:
            while True:
                before = self._files.identities()[0]
                entered = self._try(engine)
                if entered is not None:
                    files = self._files.identities()
                    if before == files[0]:
                        self._recovery.note_file(before)
                        return *entered, files
                    leave(*entered)
                if time.monotonic() > latest:
                    raise DatabaseUnavailable(SWAPPED)
                self._recovery.restore(latest - time.monotonic())
        except (OSError, SchemaTooNew, SQLAlchemyError) as error:
            raise DatabaseUnavailable(f"{self._files.explained(first_line(error))}.") from error
        finally:
            deadline.reset(token)

    def _try(self, engine: Engine) -> tuple[Connection, Transaction] | None:
        """Begin a transaction; None when the schema must be restored first."""
        if self._files.folder_is_missing():
            return None
        connection = engine.connect()
        try:
            transaction = connection.begin()
            revision = connection.execute(REVISION).scalar()
        except DBAPIError as error:
            connection.close()
            if lacks_table(error):
                return None
            raise
        except BaseException:
            connection.close()
            raise
        is_known = revision is not None and revision >= HEAD  # newer: an upgrade of the service is under way
        if is_known and not self._recovery.is_due:
            return connection, transaction
        leave(connection, transaction)
        return None

    def watch(self) -> None:
        """Start a thread that checks the database every WATCH_SECONDS, so that `warning` is current without requests.

        From then on a request's probe waits PROBE_SECONDS only: the thread's own probe waits ENTER_SECONDS, and closes
        the circuit when a slow database is back.
        """
        self._watched = True

        def look() -> None:
            while True:
                trouble = None
                for engine, circuit in ((self.engine, self._writing), (self._reader, self._reading)):
                    try:
                        with self._transaction(engine, circuit, patient=True) as connection:
                            self._recovery.look(connection)
                    except DatabaseUnavailable as problem:
                        trouble = problem.detail
                self._trouble = trouble
                if self._closed.wait(WATCH_SECONDS):
                    return

        threading.Thread(target=look, name="watch-database", daemon=True).start()

    def retry(self, action: Callable[[], T]) -> T:
        """Retry the action until the database is available. Raises DatabaseUnavailable after MAX_RETRY_SECONDS."""
        latest = time.monotonic() + MAX_RETRY_SECONDS
        while True:
            try:
                return action()
            except DatabaseUnavailable:
                if time.monotonic() > latest:
                    raise
                time.sleep(RETRY_SECONDS)

    def close(self) -> None:
        """End the checks and close all connections."""
        self._closed.set()
        self._files.close()
        self.engine.dispose()


def leave(connection: Connection, transaction: Transaction) -> None:
    """Roll back a transaction and close its connection."""
    with connection:
        transaction.rollback()


def lacks_table(error: Exception) -> bool:
    """Whether a statement failed because a table is missing."""
    cause = getattr(error, "orig", None)
    return getattr(cause, "sqlstate", None) == UNDEFINED_TABLE or "no such table" in str(cause)
