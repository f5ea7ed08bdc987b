"""Databases of both kinds, servers on them, a predictor, and a folder with two versions."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.database.database import Database
from app.database.migrate import migrate
from app.database.tables import audit, samples
from app.inference.active_model import ActiveModel
from app.inference.predictor import Predictor
from app.settings import load_settings
from model.registry.store import Store
from tests.postgres import PostgreSQL, private_postgresql
from tests.server import Server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A private PostgreSQL server."""
    with private_postgresql() as server:
        if server is None:
            pytest.skip("needs PostgreSQL: initdb and pg_ctl are not installed")
        yield server


def new_database(postgresql: PostgreSQL) -> str:
    """The URL of a new database."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgresql.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{postgresql.url.rpartition('/')[0]}/{name}"


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> str:
    """An empty database of the private server."""
    return new_database(postgresql)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/folder/numeral.db"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database of either kind with its tables."""
    migrate(database_url)
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def predictor() -> Iterator[Predictor]:
    """A predictor that has no model yet."""
    made = Predictor(load_settings(), ActiveModel(Store(Path("nowhere")), Store(Path("nowhere"))))
    yield made
    made.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def teachable(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for each kind of database, for the samples of a module's tests."""
    folder = tmp_path_factory.mktemp("teachable")
    url = f"sqlite:///{folder}/numeral.db"
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgresql"))
    server = Server(folder, NUMERAL_DATABASE_URL=url)
    yield server
    server.close()


@pytest.fixture
def own(teachable: Server) -> Server:
    """A server without samples and audit records, with either kind of database."""
    database = Database(teachable.environment["NUMERAL_DATABASE_URL"])
    with database.begin() as connection:
        for table in (samples, audit):
            connection.execute(table.delete())
    database.close()
    return teachable
