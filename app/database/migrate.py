"""Create the database's schema, or upgrade it with the migrations in `migrations/`; one process at a time."""

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

HEAD = "0004"  # the newest migration
REVISION = text("SELECT version_num FROM alembic_version")
MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_NUMBER = 7_612_003  # PostgreSQL advisory lock, any fixed number
LOCK_SECONDS = 600.0  # the longest wait for another process's migration
LOOK_SECONDS = 0.05  # between two tries to get the lock
UPGRADE_SECONDS = 3600.0  # time limit for one statement of a migration


class SchemaTooNew(Exception):
    """A newer version of the service has migrated the database. This version can't use its schema."""


class Done(Enum):
    """What a migration had to do."""

    NOTHING = "nothing"
    CREATED = "created"
    UPGRADED = "upgraded"


def migrate(url: str, seconds: float = LOCK_SECONDS) -> Done:
    """Upgrade the schema to HEAD and create missing tables, and the folder of an SQLite file.

    seconds: the longest wait for another process that migrates. Raises OSError, SchemaTooNew, SQLAlchemy's errors.
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
    """Hold the lock for migrations: a file's for SQLite, an advisory one for PostgreSQL. It ends with the process.

    Raises TimeoutError.
    """
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
    """Call `try_it` until it returns True. Raises TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not try_it():
        if time.monotonic() > deadline:
            raise TimeoutError("another process is migrating it")
        time.sleep(LOOK_SECONDS)


def revision_of(engine: Engine) -> str | None:
    """The id of the last migration applied; None for an empty database."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.execute(REVISION).scalar()
        return revision


def is_complete(engine: Engine) -> bool:
    """Whether every table exists."""
    with engine.connect() as connection:
        return metadata.tables.keys() <= set(inspect(connection).get_table_names())


def create(engine: Engine) -> None:
    """Create the current tables in an empty database, without Alembic, which takes time and memory to load.

    Follows Alembic's cookbook, "Building an Up to Date Database from Scratch". Can be repeated after an interruption.
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
