"""The database: durable and shared between processes; clear errors; and recovery without a restart."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.database import audit
from app.database.database import Database, DatabaseUnavailable
from app.database.migrate import migrate
from app.database.tables import audit as table
from tests.client import check_problem
from tests.faults import damaged_database, full_disk, locked_database
from tests.postgres import PostgreSQL
from tests.server import REPOSITORY


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_transaction_is_whole_or_nothing(database: Database) -> None:
    with database.begin() as connection:
        audit.record(connection, "tester", "first", "x")
    with pytest.raises(RuntimeError), database.begin() as connection:
        audit.record(connection, "tester", "second", "x")
        raise RuntimeError
    assert count(database) == 1


def test_a_reader_waits_for_no_writer(database: Database) -> None:
    with database.begin() as connection:
        audit.record(connection, "tester", "unfinished", "x")
        assert count(database) == 0


def test_a_database_that_went_away_is_a_clear_problem_and_comes_back(
    postgresql: PostgreSQL, postgresql_url: str
) -> None:
    migrate(postgresql_url)
    database = Database(postgresql_url)
    assert count(database) == 0
    postgresql.stop()
    with pytest.raises(DatabaseUnavailable) as raised:
        count(database)
    postgresql.start()
    assert "\n" not in raised.value.detail and raised.value.headers["Retry-After"]
    assert count(database) == 0
    database.close()


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit(2) is Linux's")
@pytest.mark.parametrize("trouble", [full_disk, locked_database, damaged_database])
def test_trouble_with_the_file_is_a_clear_problem_and_over_when_its_cause_is(start_server, seven, trouble) -> None:
    server = start_server()
    send = {"files": {"file": ("7.png", seven)}, "data": {"label": "7"}}
    with trouble(server):
        problem = check_problem(server.admin.post("/samples", **send), 503, "database-unavailable")
        assert len(problem["detail"]) > 10
        check_problem(server.admin.post("/admin/retrain"), 503, "database-unavailable")
        assert server.client.post("/predict", content=seven).json()["digit"] == 7
    assert server.admin.post("/samples", **send).status_code == 201
    assert server.admin.get("/samples").json()["total"] == 1
    assert server.admin.get("/admin/jobs").json()["total"] == 0


AS_NOBODY = """
import os, sys
from app.database.audit import record
from app.database.database import Database, DatabaseUnavailable
from app.database.migrate import migrate

def write():
    with database.begin() as connection:
        record(connection, "tester", "try", "x")

os.umask(0)
migrate(sys.argv[1])
database = Database(sys.argv[1])
write()
if os.geteuid() == 0:  # whom no permission stops
    os.setuid(65534)
print("ready", flush=True)
for _ in range(2):
    sys.stdin.readline()
    try:
        write()
        print("written", flush=True)
    except DatabaseUnavailable as problem:
        print(problem.detail, flush=True)
"""


def test_a_read_only_folder_is_a_clear_problem_and_over_when_it_can_be_written() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        process = subprocess.Popen(
            [sys.executable, "-c", AS_NOBODY, f"sqlite:///{folder}/numeral.db"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY,
        )  # fmt: skip

        def attempt() -> str:
            process.stdin.write("\n")
            process.stdin.flush()
            return process.stdout.readline()

        with process:
            assert process.stdout.readline() == "ready\n"
            folder.chmod(0o555)
            (folder / "numeral.db").chmod(0o444)
            assert "read" in attempt() or "open" in attempt()
            folder.chmod(0o777)
            (folder / "numeral.db").chmod(0o666)
            assert attempt() == "written\n"
            process.stdin.close()


def test_a_missing_folder_of_the_database_is_made(start_server, tmp_path: Path) -> None:
    server = start_server(NUMERAL_DATABASE_URL=f"sqlite:///{tmp_path}/a/b/numeral.db")
    assert server.admin.get("/samples").json() == {"items": [], "total": 0, "next": None}


def test_predictions_need_no_database(start_server, postgresql: PostgreSQL, postgresql_url: str, seven: bytes) -> None:
    server = start_server(NUMERAL_DATABASE_URL=postgresql_url)
    assert server.admin.get("/samples").json()["total"] == 0
    postgresql.stop()
    try:
        check_problem(server.admin.get("/samples"), 503, "database-unavailable")
        assert server.client.post("/predict", content=seven).json()["digit"] == 7
    finally:
        postgresql.start()
    assert server.admin.get("/samples").json()["total"] == 0
