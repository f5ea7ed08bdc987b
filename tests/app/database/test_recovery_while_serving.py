"""SQLite's files are deleted or damaged under a running server: it goes on, and every worker reports it."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.client import add_sample, check_problem
from tests.faults import database_at_rest
from tests.server import wait_until

pytestmark = pytest.mark.slow  # databases that are lost below servers of two workers


def test_after_a_loss_every_worker_serves_says_so_and_loses_nothing_that_it_acknowledged(
    start_server, tmp_path: Path, seven: bytes
) -> None:
    (tmp_path / "var").mkdir()
    server = start_server(NUMERAL_DATABASE_URL=f"sqlite:///{tmp_path}/var/numeral.db", NUMERAL_WORKERS="2")
    assert add_sample(server, seven).status_code == 201
    shutil.rmtree(tmp_path / "var")
    acknowledged: list[bytes] = []

    def teach(first: int) -> None:
        for number in range(first, first + 10):
            image = seven + bytes([number])
            if wait_until(lambda image=image: add_sample(server, image).status_code) == 201:
                acknowledged.append(image)

    threads = [threading.Thread(target=teach, args=(first,)) for first in (0, 50, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(acknowledged) == 30 and server.admin.get("/samples").json()["total"] == 30
    assert "made anew" in (server.folder / "log").read_text()
    # Each connection goes to either worker.
    assert wait_until(lambda: all(httpx.get(f"{server.url}/healthz").json()["warning"] for _ in range(20)))


def test_every_worker_says_what_one_of_them_made_anew(start_server, seven: bytes) -> None:
    server = start_server(NUMERAL_WORKERS="2")
    assert add_sample(server, seven).status_code == 201
    database_at_rest(server).write_bytes(b"")  # the same file, without anything in it
    assert wait_until(lambda: add_sample(server, seven).status_code == 201)
    assert wait_until(
        lambda: all("made anew" in str(httpx.get(f"{server.url}/readyz").json()["warning"]) for _ in range(20))
    )


def test_tables_that_are_not_ours_are_a_warning_without_any_request(start_server, tmp_path: Path) -> None:
    server = start_server()
    with closing(sqlite3.connect(tmp_path / "numeral.db")) as connection:
        connection.execute("ALTER TABLE samples RENAME COLUMN label TO digit")
    assert wait_until(lambda: "label" in str(server.client.get("/readyz").json()["warning"]))
    with closing(sqlite3.connect(tmp_path / "numeral.db")) as connection:
        connection.execute("ALTER TABLE samples RENAME COLUMN digit TO label")
    assert wait_until(lambda: server.client.get("/readyz").json()["warning"] is None)


def test_a_database_that_can_not_be_made_anew_is_a_clear_problem_and_a_warning(
    start_server, tmp_path: Path, seven: bytes
) -> None:
    (tmp_path / "var").mkdir()
    server = start_server(NUMERAL_DATABASE_URL=f"sqlite:///{tmp_path}/var/numeral.db")
    shutil.rmtree(tmp_path / "var")
    (tmp_path / "var").write_text("a file where a folder should be")
    problem = check_problem(server.admin.get("/samples"), 503, "database-unavailable")
    assert "var" in problem["detail"]
    assert wait_until(lambda: "var" in (server.client.get("/readyz").json()["warning"] or ""))
    (tmp_path / "var").unlink()
    assert server.admin.get("/samples").json()["total"] == 0
