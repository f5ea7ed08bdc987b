"""The database: SQLite in `var/` or PostgreSQL by URL, with the same code, in short transactions.

Nothing is cached across transactions, so a database that was locked, full, read-only, damaged, deleted or away is used
again by the first transaction after the cause is gone. One that is found without its tables, or with those of an
earlier version, is made anew or migrated by that transaction (`migrate.py`), and the operator is warned.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine, Transaction, text
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from app.database.circuit_breaker import CircuitBreaker
from app.database.engines import first_line, make_engine
from app.database.migrate import HEAD, SchemaTooNew
from app.database.recovery import Recovery
from app.database.sqlite import Identity, SqliteFiles, sqlite_file
from app.database.timeouts import BUSY_SECONDS, LONG_ANSWER_SECONDS, deadline
from app.http.errors import Problem

ENTER_SECONDS = BUSY_SECONDS  # until a transaction has begun
PROBE_SECONDS = 0.5  # the same for a request, when the last one could not begin
RETRY_SECONDS = 0.5  # between two tries of who must get through
INSIST_SECONDS = 1800.0  # until even they give up
WATCH_SECONDS = 2.0  # between two looks of a server at its database
REVISION = text("SELECT version_num FROM alembic_version")
UNDEFINED_TABLE = "42P01"  # https://www.postgresql.org/docs/current/errcodes-appendix.html
SWAPPED = "The database was deleted or replaced during the transaction, which is lost."
T = TypeVar("T")


class DatabaseUnavailable(Problem):
    status, slug, title = 503, "database-unavailable", "The database can't be used now"
    remedy = "Try again later; the operator should look at its disk space, permissions and connection."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "5"})


class Database:
    """Short transactions on one URL. Whatever the database can't do is a DatabaseUnavailable.

    answer_seconds: that PostgreSQL may take for a statement. failed_at: when something was impossible last, seconds of
    the monotonic clock.
    """

    def __init__(self, url: str, answer_seconds: float = LONG_ANSWER_SECONDS) -> None:
        self.engine = make_engine(url, answer_seconds)
        self.failed_at = float("-inf")
        self._files = SqliteFiles(sqlite_file(url))
        self._reader = self.engine.execution_options(read_only=True)
        self._writing, self._reading = CircuitBreaker(), CircuitBreaker()
        self._recovery = Recovery(url, self.engine, self._files)
        self._watched = False
        self._trouble: str | None = None  # that the last look at the database found
        self._closed = threading.Event()

    @property
    def warning(self) -> str | None:
        """What whoever runs the service should know: that it can't be written now, that something was lost."""
        trouble = str(self._writing.why) if self._writing.why else self._trouble
        return " ".join(filter(None, (self._recovery.notice, trouble))) or None

    def begin(self) -> AbstractContextManager[Connection]:
        """A transaction that writes: committed durably on leaving, rolled back on an exception."""
        return self._transaction(self.engine, self._writing)

    def read(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads, and on SQLite waits for no writer."""
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
                # Committed, but where? Who had the file open when it was deleted writes to what nobody will read.
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
        """A begun transaction on a database with this version's schema, and the files that it goes to."""
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
        """A begun transaction; None where the schema must be restored first."""
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
        is_known = revision is not None and revision >= HEAD  # a newer one is an upgrade under way
        if is_known and not self._recovery.is_due:
            return connection, transaction
        leave(connection, transaction)
        return None

    def watch(self) -> None:
        """From now on look at the database every now and then, so that `warning` is true without any request.

        A request need not have the patience then to find out whether a database that is slow is back.
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
        self._closed.set()
        self._files.close()
        self.engine.dispose()


def leave(connection: Connection, transaction: Transaction) -> None:
    """Undo a transaction that nothing was done in."""
    with connection:
        transaction.rollback()


def lacks_table(error: Exception) -> bool:
    """Whether a statement failed because a table is not there."""
    cause = getattr(error, "orig", None)
    return getattr(cause, "sqlstate", None) == UNDEFINED_TABLE or "no such table" in str(cause)
