"""A database whose files are deleted or replaced while it is open: it goes on, reports the loss, and loses no more."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from app.database import audit
from app.database.database import Database, DatabaseUnavailable
from app.database.migrate import HEAD, migrate
from app.database.tables import audit as table
from app.jobs import reporting
from app.jobs.states import State
from tests.jobs import new_job
from tests.server import REPOSITORY


@pytest.fixture
def opened(tmp_path: Path) -> Database:
    """A database with one record."""
    url = f"sqlite:///{tmp_path}/var/numeral.db"
    migrate(url)
    database = Database(url)
    write(database, "first")
    return database


def write(database: Database, subject: str = "x") -> None:
    with database.begin() as connection:
        audit.record(connection, "tester", "try", subject)


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(table).where(table.c.actor == "tester")).scalar_one()


def delete_file(folder: Path) -> None:
    (folder / "numeral.db").unlink()


def empty_file(folder: Path) -> None:
    os.truncate(folder / "numeral.db", 0)


def drop_tables(folder: Path) -> None:
    with sqlite3.connect(folder / "numeral.db") as connection:
        connection.executescript("DROP TABLE audit; DROP TABLE alembic_version")


LOSSES: list[Callable[[Path], object]] = [delete_file, shutil.rmtree, empty_file, drop_tables]


@pytest.mark.parametrize("lose", LOSSES)
def test_a_database_that_was_lost_is_made_anew_by_the_next_transaction_and_that_is_said(
    opened: Database, tmp_path: Path, lose: Callable[[Path], object], caplog: pytest.LogCaptureFixture
) -> None:
    assert opened.warning is None
    lose(tmp_path / "var")
    write(opened)
    assert count(opened) == 1
    assert "numeral.db" in opened.warning and "made anew" in opened.warning
    assert [record.levelname for record in caplog.records if "made anew" in record.message] == ["CRITICAL"]
    with opened.read() as connection:
        actions = [row["action"] for row in audit.page(connection, None, 10)[0]]
    assert actions == ["try", "tables-made-anew"]


def test_one_lost_table_is_made_anew(opened: Database, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "var" / "numeral.db") as connection:
        connection.execute("DROP TABLE audit")
    with pytest.raises(DatabaseUnavailable):
        write(opened)
    write(opened)
    assert count(opened) == 1 and "made anew" in opened.warning


def test_tables_dropped_on_postgresql_are_made_anew(postgresql_url: str) -> None:
    migrate(postgresql_url)
    database = Database(postgresql_url)
    write(database)
    with database.engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    write(database)
    assert count(database) == 1 and "made anew" in database.warning
    database.close()


def test_a_replaced_file_is_used_and_that_is_said(opened: Database, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copy(tmp_path / "var" / "numeral.db", copy)
    write(opened, "lost")
    os.replace(copy, tmp_path / "var" / "numeral.db")
    assert count(opened) == 1 and "replaced" in opened.warning


def test_a_replaced_file_of_an_earlier_version_is_migrated(
    opened: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrated: list[str] = []

    def upgrade(engine, target: str = HEAD) -> None:
        with engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": HEAD})
        migrated.append(target)

    monkeypatch.setattr("app.database.migrate.upgrade", upgrade)
    with sqlite3.connect(tmp_path / "var" / "numeral.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
    write(opened)
    assert migrated and count(opened) == 2


def test_what_is_committed_to_a_deleted_file_is_not_acknowledged(opened: Database, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="deleted or replaced"), opened.begin() as connection:
        audit.record(connection, "tester", "try", "lost")
        delete_file(tmp_path / "var")
        write(Database(f"sqlite:///{tmp_path}/var/numeral.db"), "kept")
    assert count(opened) == 1


def test_what_is_committed_to_a_deleted_log_is_not_acknowledged(opened: Database, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="deleted or replaced"), opened.begin() as connection:
        audit.record(connection, "tester", "try", "lost")
        for name in ("numeral.db-wal", "numeral.db-shm"):
            (tmp_path / "var" / name).unlink()
    write(opened)
    assert count(opened) >= 2


def test_many_processes_that_find_it_gone_make_it_once_and_lose_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/var/numeral.db"
    code = (
        "import sys\nfrom app.database import audit\nfrom app.database.database import Database\n"
        f"database = Database({url!r})\n"
        "for number in range(20):\n"
        "    with database.begin() as connection: audit.record(connection, 'tester', 'try', str(number))\n"
    )
    started = [subprocess.Popen([sys.executable, "-c", code], cwd=REPOSITORY) for _ in range(4)]
    assert [process.wait(60) for process in started] == [0] * 4
    assert count(Database(url)) == 80


def test_a_file_without_a_write_ahead_log_that_another_process_writes_is_waited_for(
    opened: Database, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "var" / "numeral.db", check_same_thread=False)) as other:
        other.isolation_level = None
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.2, other.rollback).start()
        write(opened)
        assert count(opened) == 2


def test_a_training_whose_record_was_lost_is_stopped(opened: Database, tmp_path: Path) -> None:
    job_id = new_job(opened, State.RUNNING)
    delete_file(tmp_path / "var")
    assert reporting.heartbeat(opened, job_id, "").wanted == State.INTERRUPTED
    reporting.conclude(opened, job_id, None, State.INTERRUPTED, "gone")


def test_a_stopped_process_with_the_file_open_is_not_waited_for(opened: Database, tmp_path: Path) -> None:
    code = (
        f"import sqlite3\nc = sqlite3.connect({str(tmp_path / 'var' / 'numeral.db')!r}, isolation_level=None)\n"
        "c.execute('BEGIN'); c.execute('SELECT * FROM audit').fetchall(); print('read', flush=True)\ninput()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout.readline() == b"read\n"
        reader.send_signal(signal.SIGSTOP)
        delete_file(tmp_path / "var")
        write(opened)
        assert count(opened) == 1
        reader.send_signal(signal.SIGCONT)
        reader.kill()
