"""What the doctor finds about the database, which it leaves as it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.database.migrate import HEAD, migrate
from bench.servers import free_port
from tests.app.doctor.report import Examine, states, worst


def test_a_damaged_database_is_found_and_left_as_it_is(examine: Examine, tmp_path: Path) -> None:
    url, file = f"sqlite:///{tmp_path}/numeral.db", tmp_path / "numeral.db"
    file.write_bytes(b"garbage " * 4096)
    status, found = examine(NUMERAL_DATABASE_URL=url)
    assert status == 1 and str(file) in worst(found["database"])["detail"]
    assert "backup" in worst(found["database"])["remedy"] and file.read_bytes() == b"garbage " * 4096


def test_a_table_that_is_damaged_within_is_found(examine: Examine, tmp_path: Path) -> None:
    url, file = f"sqlite:///{tmp_path}/numeral.db", tmp_path / "numeral.db"
    migrate(url)
    content = bytearray(file.read_bytes())
    content[2 * 4096 : 3 * 4096] = b"\xff" * 4096
    file.write_bytes(content)
    status, found = examine(NUMERAL_DATABASE_URL=url)
    assert status == 1 and states(found["database"]) == {"failing"}


@pytest.mark.parametrize(
    ("revision", "state", "says"), [("9999", "failing", "9999"), ("0001", "ok", f"brings it to {HEAD}")]
)
def test_a_schema_of_another_version_is_told(
    examine: Examine, tmp_path: Path, revision: str, state: str, says: str
) -> None:
    url = f"sqlite:///{tmp_path}/numeral.db"
    migrate(url)
    with closing(sqlite3.connect(tmp_path / "numeral.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.commit()
    _, found = examine(NUMERAL_DATABASE_URL=url)
    (finding,) = found["database"]
    assert finding["state"] == state and says in finding["detail"]
    with closing(sqlite3.connect(tmp_path / "numeral.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)


def test_an_unreachable_database_is_told_without_its_password(examine: Examine) -> None:
    status, found = examine(NUMERAL_DATABASE_URL=f"postgresql://me:s3cret@127.0.0.1:{free_port()}/numeral")
    assert status == 1 and "NUMERAL_DATABASE_URL" in worst(found["database"])["remedy"]
    assert "s3cret" not in str(found)


@pytest.mark.parametrize("url", ["nonsense", "nonsense://there", "postgresql://me:s3cret@there:port/numeral"])
def test_an_address_that_is_no_database_is_told(examine: Examine, url: str) -> None:
    status, found = examine(NUMERAL_DATABASE_URL=url)
    assert status == 1 and "NUMERAL_DATABASE_URL" in worst(found["settings"])["detail"]
    assert "s3cret" not in str(found)


def test_postgresql_is_examined_too(examine: Examine, postgresql_url: str) -> None:
    status, found = examine(NUMERAL_DATABASE_URL=postgresql_url)
    assert status == 0 and "is not made" in found["database"][0]["detail"]
    migrate(postgresql_url)
    assert "is current" in examine(NUMERAL_DATABASE_URL=postgresql_url)[1]["database"][0]["detail"]


def test_a_clock_that_differs_from_the_databases_is_told(
    examine: Examine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    migrate(f"sqlite:///{tmp_path}/numeral.db")
    monkeypatch.setattr("app.doctor.database.time", SimpleNamespace(time=lambda: 1_700_000_000.0))
    status, found = examine(NUMERAL_DATABASE_URL=f"sqlite:///{tmp_path}/numeral.db")
    assert status == 0 and "from this host's" in worst(found["clock"])["detail"]
