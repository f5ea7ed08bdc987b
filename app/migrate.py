"""Brings the database's schema to this version's, by the migrations of `app/migrations`; one process at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, inspect, text

from app.db import make_engine, sqlite_file
from app.tables import metadata

HEAD = "0001"  # the newest migration
MIGRATIONS = Path(__file__).parent / "migrations"
LOCK_NUMBER = 7_612_003  # PostgreSQL advisory lock, any fixed number


class SchemaTooNew(Exception):
    """The database was migrated by a newer version of the service, which this one can't read."""


def migrate(url: str) -> None:
    """Bring the schema to HEAD. A SQLite file's folder is made. Raises OSError, SchemaTooNew, SQLAlchemy's errors."""
    engine = make_engine(url)
    try:
        with locked(url, engine):
            revision = revision_of(engine)
            if revision == HEAD:
                return
            if revision is None:
                create(engine)
                return
            if revision > HEAD:
                raise SchemaTooNew(
                    f"the database has schema {revision}, this version of numeral knows {HEAD}: upgrade numeral"
                )
            upgrade(engine)
    finally:
        engine.dispose()


@contextmanager
def locked(url: str, engine: Engine) -> Iterator[None]:
    """Hold the lock that migrations run under; it goes with the process."""
    path = sqlite_file(url)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(path.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    elif engine.dialect.name == "postgresql":
        with engine.connect() as connection:
            connection.execute(text("SET statement_timeout = 0"))
            connection.execute(text("SET lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": LOCK_NUMBER})
            yield
    else:
        yield


def revision_of(engine: Engine) -> str | None:
    """The migration that the database is at, None for an empty one."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return revision


def create(engine: Engine) -> None:
    """Make the tables of an empty database as they are now, without Alembic, which takes time and memory to load.

    The way of Alembic's cookbook, "Building an Up to Date Database from Scratch". Done again, it finishes what was cut.
    """
    with engine.begin() as connection:
        metadata.create_all(connection)
        connection.execute(text("CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})


def upgrade(engine: Engine, target: str = HEAD) -> None:
    """Run the missing migrations."""
    from alembic import command  # slow to import, and rarely needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["engine"] = engine
    command.upgrade(config, target)
