"""Brings the database's schema to this version's, by the migrations in `migrations/`; one process at a time."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from sqlalchemy import Engine, inspect, text

from app.database.engines import make_engine
from app.database.sqlite import sqlite_file
from app.database.tables import metadata

HEAD = "0002"  # the newest migration
MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_NUMBER = 7_612_003  # PostgreSQL advisory lock, any fixed number
LOCK_SECONDS = 600.0  # that one waits for another process's migration
LOOK_SECONDS = 0.05  # between two tries to get the lock
UPGRADE_SECONDS = 3600.0  # that one statement of a migration may take


class SchemaTooNew(Exception):
    """The database was migrated by a newer version of the service, which this one can't read."""


class Done(Enum):
    """What a migration had to do."""

    NOTHING = "nothing"
    CREATED = "created"
    UPGRADED = "upgraded"


def migrate(url: str, seconds: float = LOCK_SECONDS) -> Done:
    """Bring the schema to HEAD, and make tables that are missing. A SQLite file's folder is made.

    seconds: of waiting for another process that does the same. Raises OSError, SchemaTooNew, SQLAlchemy's errors.
    """
    engine = make_engine(url, UPGRADE_SECONDS)
    try:
        with migration_lock(url, engine, seconds):
            revision = revision_of(engine)
            if revision is None or (revision == HEAD and not is_complete(engine)):
                create(engine)
                return Done.CREATED
            if revision == HEAD:
                return Done.NOTHING
            if revision > HEAD:
                raise SchemaTooNew(
                    f"the database has schema {revision}, this version of numeral knows {HEAD}: upgrade numeral"
                )
            upgrade(engine)
            return Done.UPGRADED
    finally:
        engine.dispose()


@contextmanager
def migration_lock(url: str, engine: Engine, seconds: float) -> Iterator[None]:
    """Hold the lock that migrations run under; it goes with the process. Raises TimeoutError."""
    path = sqlite_file(url)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(path.name + ".lock").open("w") as lock:

            def try_file() -> bool:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                return True

            poll(try_file, seconds)
            yield
    elif engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            query = text("SELECT pg_try_advisory_lock(:number)")
            poll(lambda: bool(connection.execute(query, {"number": LOCK_NUMBER}).scalar()), seconds)
            yield
    else:
        yield


def poll(try_it: Callable[[], bool], seconds: float) -> None:
    """Try until it is so. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not try_it():
        if time.monotonic() > deadline:
            raise TimeoutError("another process is migrating it")
        time.sleep(LOOK_SECONDS)


def revision_of(engine: Engine) -> str | None:
    """The migration that the database is at, None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return revision


def is_complete(engine: Engine) -> bool:
    """Whether every table is there."""
    with engine.connect() as connection:
        return metadata.tables.keys() <= set(inspect(connection).get_table_names())


def create(engine: Engine) -> None:
    """Make the tables of an empty database as they are now, without Alembic, which takes time and memory to load.

    The way of Alembic's cookbook, "Building an Up to Date Database from Scratch". Done again, it finishes what was cut.
    """
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        once = "WHERE NOT EXISTS (SELECT 1 FROM alembic_version)"
        connection.execute(text(f"INSERT INTO alembic_version (version_num) SELECT :head {once}"), {"head": HEAD})


def upgrade(engine: Engine, target: str = HEAD) -> None:
    """Run the missing migrations."""
    from alembic import command  # slow to import, and rarely needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    command.upgrade(config, target)
