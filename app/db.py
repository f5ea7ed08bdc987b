"""The database: SQLite in `var/` or PostgreSQL by URL, with the same code; schema by migrations, under a lock."""

from __future__ import annotations

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import NullPool, QueuePool

from app.errors import Problem

HEAD = "0001"  # the newest migration
MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 5.0  # that a writer waits for another one
MIGRATION_LOCK = 7_612_003  # PostgreSQL advisory lock, any fixed number


class DatabaseUnavailable(Problem):
    status, slug, title = 503, "database-unavailable", "The database can't be used now"
    remedy = "Try again later; the operator should look at its disk space, permissions and connection."

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "5"})


class Database:
    """Short transactions on one URL. Whatever the database can't do is a DatabaseUnavailable; nothing is cached."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction: committed durably on leaving, rolled back on an exception. Raises DatabaseUnavailable."""
        try:
            with self.engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except DBAPIError as error:
            raise DatabaseUnavailable(f"{str(error.orig).splitlines()[0]}.") from error

    def close(self) -> None:
        """Let go of open connections."""
        self.engine.dispose()


def make_engine(url: str) -> Engine:
    """An engine for the URL; a SQLite file's folder is made."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        # Without a pool a file that was replaced or became writable again is seen by the next transaction.
        engine = create_engine(parsed, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", prepare_sqlite)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        return engine
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return create_engine(parsed, poolclass=QueuePool, pool_pre_ping=True, connect_args={"connect_timeout": 5})


def prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Durable, concurrent, and with explicit transactions (https://www.sqlite.org/wal.html)."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def migrate(url: str) -> None:
    """Bring the schema to HEAD, one process at a time. Raises OSError or SQLAlchemy's errors."""
    parsed = make_url(url)
    engine = make_engine(url)
    try:
        if parsed.get_backend_name() == "sqlite":
            if parsed.database and parsed.database != ":memory:":
                path = Path(parsed.database)
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.with_name(path.name + ".lock").open("w") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                    upgrade(engine)
            return
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:n)"), {"n": MIGRATION_LOCK})
            upgrade(engine)
    finally:
        engine.dispose()


def upgrade(engine: Engine) -> None:
    """Run the missing migrations, if any."""
    with engine.connect() as connection:
        if inspect(connection).has_table("alembic_version"):
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
            if revision == HEAD:
                return
    from alembic import command  # slow to import, and rarely needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


def as_time(seconds: float | None) -> str | None:
    """RFC 3339 in UTC of seconds since 1970."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
