"""Migrations: applied once, under a lock, to an older version's schema, never to a newer version's."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, text

from app.database.database import Database
from app.database.engines import make_engine
from app.database.migrate import HEAD, MIGRATIONS, SchemaTooNew, create, migrate, revision_of, upgrade
from app.database.sqlite import sqlite_file
from app.database.tables import metadata
from app.jobs import records
from app.samples import samples
from app.schemas.samples import Sample
from tests.server import REPOSITORY, clean_environment


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine for the empty database, in a folder that exists."""
    if path := sqlite_file(database_url):
        path.parent.mkdir(parents=True)
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.mark.parametrize("make", [create, upgrade])
def test_the_migrations_make_the_tables_that_the_code_uses(engine: Engine, make: Callable[[Engine], None]) -> None:
    make(engine)
    assert revision_of(engine) == HEAD
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_database_whose_making_was_cut_is_finished(engine: Engine, database_url: str) -> None:
    metadata.create_all(engine)
    migrate(database_url)
    assert revision_of(engine) == HEAD


def test_the_newest_migration_is_the_one_that_the_code_names() -> None:
    assert max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")) == HEAD


def test_many_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    code = f"from app.database.migrate import migrate; migrate({database_url!r})"
    started = [subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY) for _ in range(4)]
    assert [process.wait(60) for process in started] == [0, 0, 0, 0]
    engine = make_engine(database_url)
    assert revision_of(engine) == HEAD
    engine.dispose()


def test_a_database_of_the_first_version_is_opened_with_what_it_holds(engine: Engine, database_url: str) -> None:
    upgrade(engine, "0001")
    row = {"id": "0" * 32, "state": "kept", "actor": "tester", "now": time.time()}
    columns = "id, state, actor, options, created_at, heartbeat_at, cancel_requested, reasons, log"
    with engine.begin() as connection:
        statement = f"INSERT INTO jobs ({columns}) VALUES (:id, :state, :actor, '{{}}', :now, :now, false, '[]', '')"
        connection.execute(text(statement), row)
    migrate(database_url)
    database = Database(database_url)
    assert records.get(database, "0" * 32)["state"] == "kept"
    database.close()


def test_a_sample_that_was_stored_before_boxes_has_none(engine: Engine, database_url: str, seven: bytes) -> None:
    upgrade(engine, "0002")
    columns = "id, label, image, reading, format, held_out, suspect, created_at, updated_at"
    values = "'a', 7, :image, :image, 'PNG', false, false, 1.0, 1.0"
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO samples ({columns}) VALUES ({values})"), {"image": seven})
    migrate(database_url)
    database = Database(database_url)
    (row,), _ = samples.page(database, 0, 10, None, None)
    assert row["box"] is None and Sample(**row).label == 7
    database.close()


def test_a_database_of_a_newer_version_is_left_alone(database: Database, database_url: str) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match="upgrade numeral"):
        migrate(database_url)
    environment = clean_environment(NUMERAL_DATABASE_URL=database_url, PORT="0")
    command = [sys.executable, "-m", "app", "serve"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, cwd=REPOSITORY, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1].startswith("numeral: NUMERAL_DATABASE_URL")


def test_a_new_database_and_one_that_is_up_to_date_are_opened_without_alembic(database_url: str) -> None:
    code = f"import sys, app.database.migrate as m; m.migrate({database_url!r}); sys.exit('alembic' in sys.modules)"
    for _ in range(2):
        assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, timeout=60).returncode == 0
