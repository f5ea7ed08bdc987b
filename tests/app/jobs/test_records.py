"""The records of jobs, on both databases: only allowed moves, one active job, and a true account of the end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import update

from app.database import audit
from app.database.database import Database, DatabaseUnavailable
from app.database.tables import jobs as table
from app.jobs import records, reporting
from app.jobs.states import ACTIVE, MOVES, State
from app.jobs.trainer import settle
from model.evaluation.gate import Decision
from model.registry.publish import Published
from model.registry.store import Store
from tests.conftest import REPOSITORY, SHIPPED

OPTIONS = {"from": "current", "promote": "auto"}
QUEUE_SECONDS = 45.0


def new_job(database: Database, *path: State) -> str:
    """Create a job and make these moves."""
    row, is_new = records.create(database, "tester", OPTIONS, None)
    assert is_new
    for state in path:
        assert reporting.move(database, row["id"], state)
    return row["id"]


def path_to(state: State) -> list[State]:
    """The shortest sequence of moves from queued to the state."""
    ways: list[list[State]] = [[]]
    while ways:
        way = ways.pop(0)
        here = way[-1] if way else State.QUEUED
        if here == state:
            return way
        ways += [[*way, target] for target in MOVES.get(here, ())]
    raise AssertionError(state)


def actions(database: Database) -> list[str]:
    with database.read() as connection:
        return [row["action"] for row in audit.page(connection, None, 100)[0]]


def make_old(database: Database, job_id: str, seconds: float = 60.0) -> None:
    """Set the last heartbeat to a time long ago."""
    with database.begin() as connection:
        connection.execute(update(table).where(table.c.id == job_id).values(heartbeat_at=time.time() - seconds))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with version 1, the current one, and version 2."""
    root = tmp_path / "weights"
    shutil.copytree(SHIPPED / "1", root / "1")
    made = Store(root)
    made.activate(1)
    manifest = made.manifest(1) | {"version": 2, "parent": 1}
    with made.publish(manifest) as draft:
        for name in ("model.onnx", "weights.safetensors"):
            shutil.copy(root / "1" / name, draft)
    return made


@pytest.mark.parametrize(("here", "there"), list(product(State, State)), ids=lambda state: state.value)
def test_only_the_moves_of_the_table_are_made(tmp_path: Path, here: State, there: State) -> None:
    from app.database.migrate import migrate

    url = f"sqlite:///{tmp_path}/numeral.db"
    migrate(url)
    database = Database(url)
    job_id = new_job(database, *path_to(here))
    allowed = there in MOVES.get(here, ())
    assert reporting.move(database, job_id, there) is allowed
    row = records.get(database, job_id)
    state = there if allowed else here
    assert row["state"] == state and (row["finished_at"] is None) == (state in ACTIVE) == (row["active"] == 1)


def test_of_many_that_start_at_once_one_does(database: Database) -> None:
    started: list[str] = []
    refused: list[str | None] = []
    barrier = threading.Barrier(8)

    def start() -> None:
        barrier.wait()
        try:
            started.append(records.create(database, "tester", OPTIONS, None)[0]["id"])
        except records.JobRunning as problem:
            refused.append(problem.headers.get("Location"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == 1 and refused == [records.address(started[0])] * 7


def test_of_many_with_one_idempotency_key_all_get_the_same_job(database: Database) -> None:
    made: list[tuple[str, bool]] = []
    barrier = threading.Barrier(6)

    def start() -> None:
        barrier.wait()
        row, is_new = records.create(database, "tester", OPTIONS, "monday")
        made.append((row["id"], is_new))

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({job_id for job_id, _ in made}) == 1 and sorted(new for _, new in made) == [False] * 5 + [True]


@pytest.mark.parametrize("stage", ["queued", "running", "evaluating"])
def test_a_job_without_a_heartbeat_is_interrupted_and_says_why(database: Database, store: Store, stage: str) -> None:
    job_id = new_job(database, *path_to(State(stage)))
    records.sweep(database, store, QUEUE_SECONDS)
    assert records.get(database, job_id)["state"] == stage
    make_old(database, job_id)
    records.sweep(database, store, QUEUE_SECONDS)
    row = records.get(database, job_id)
    assert row["state"] == "interrupted" and stage in row["error"]
    assert reporting.heartbeat(database, job_id, "").wanted == State.INTERRUPTED
    assert not reporting.promote(database, job_id, store, 2, 1) and store.current() == 1
    new_job(database)
    assert actions(database)[:2] == ["retrain", "interrupted"]


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_host_whose_clock_is_wrong_neither_loses_a_job_nor_keeps_a_lost_one(
    database: Database, store: Store, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    job_id = new_job(database, State.RUNNING)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + hours * 3600)  # as a web process on another host has it
    records.sweep(database, store, QUEUE_SECONDS)
    assert records.get(database, job_id)["state"] == "running"
    reporting.heartbeat(database, job_id, "")
    monkeypatch.setattr(time, "time", real)
    records.sweep(database, store, QUEUE_SECONDS)
    row = records.get(database, job_id)
    assert row["state"] == "running" and abs(row["started_at"] - time.time()) < 60
    assert abs(row["heartbeat_at"] - time.time()) < 60 and row["created_at"] <= row["started_at"]
    monkeypatch.setattr(time, "time", lambda: real() + hours * 3600)
    make_old(database, job_id, 60.0 + hours * 3600)
    records.sweep(database, store, QUEUE_SECONDS)
    assert records.get(database, job_id)["state"] == "interrupted"


def test_a_queued_job_may_wait_for_a_worker_as_long_as_is_set(database: Database, store: Store) -> None:
    job_id = records.create(database, "tester", OPTIONS, None)[0]["id"]
    with database.begin() as connection:  # half a minute later
        connection.execute(update(table).values(heartbeat_at=table.c.heartbeat_at - 30))
    records.sweep(database, store, QUEUE_SECONDS)
    assert records.get(database, job_id)["state"] == "queued"
    with database.begin() as connection:
        connection.execute(update(table).values(heartbeat_at=table.c.heartbeat_at - 31))
    records.sweep(database, store, QUEUE_SECONDS)
    assert records.get(database, job_id)["state"] == "interrupted"
    second = records.create(database, "tester", OPTIONS, None)[0]["id"]
    assert reporting.move(database, second, State.RUNNING)
    with database.begin() as connection:  # once it was claimed, a heartbeat must come
        connection.execute(update(table).values(heartbeat_at=table.c.heartbeat_at - 15))
    records.sweep(database, store, QUEUE_SECONDS)
    assert records.get(database, second)["state"] == "interrupted"


def test_trainers_get_time_to_say_that_they_live_after_the_database_was_away(database: Database, store: Store) -> None:
    job_id = new_job(database, State.RUNNING)
    make_old(database, job_id)
    with pytest.raises(DatabaseUnavailable), database.begin() as connection:
        connection.exec_driver_sql("SELECT * FROM no_such_table")
    records.sweep(database, store, QUEUE_SECONDS)
    assert records.get(database, job_id)["state"] == "running"


DYING = """
import os, signal, sys
from pathlib import Path
from app.jobs import reporting
from app.database.database import Database
from model.registry.store import Store

class Dying(Store):
    def promote(self, version, instead_of):
        if sys.argv[4] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().promote(version, instead_of)
        os.kill(os.getpid(), signal.SIGKILL)

database, store = Database(sys.argv[1]), Dying(Path(sys.argv[2]))
assert reporting.note_version(database, sys.argv[3], 2, {}, ["It reads better."])
reporting.promote(database, sys.argv[3], store, 2, 1)
"""


@pytest.mark.parametrize(("moment", "state", "current"), [("before", "interrupted", 1), ("after", "promoted", 2)])
def test_a_trainer_killed_around_the_activation_leaves_a_job_that_says_what_became_of_it(
    database: Database, database_url: str, store: Store, moment: str, state: str, current: int
) -> None:
    job_id = new_job(database, State.RUNNING, State.EVALUATING)
    command = [sys.executable, "-c", DYING, database_url, str(store.root), job_id, moment]
    assert subprocess.run(command, cwd=REPOSITORY, timeout=60).returncode == -signal.SIGKILL
    assert records.get(database, job_id)["state"] == "evaluating" and store.current() == current
    make_old(database, job_id)
    records.sweep(database, store, QUEUE_SECONDS)
    row = records.get(database, job_id)
    assert row["state"] == state and row["version"] == 2
    assert (row["error"] is None) == (state == "promoted")
    if row["error"]:
        assert "Version 2 is whole, but was not activated" in row["error"]
    assert store.verify(2) and actions(database)[0] == state
    assert not [name for name in os.listdir(store.root) if name.startswith(".draft")]
    new_job(database)


def test_an_activation_that_fails_leaves_the_job_as_it_was(database: Database, store: Store) -> None:
    job_id = new_job(database, State.RUNNING, State.EVALUATING)
    (store.folder(2) / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(Exception, match="damaged"):
        reporting.promote(database, job_id, store, 2, 1)
    assert records.get(database, job_id)["state"] == "evaluating" and store.current() == 1


def test_a_version_activated_during_the_training_stays_and_the_job_says_so(database: Database, store: Store) -> None:
    gate = {"promote": True, "reasons": ["It reads better."], "compared_with": 1}
    with store.publish(store.manifest(2) | {"version": 3, "gate": gate}):
        pass
    job_id = new_job(database, State.RUNNING, State.EVALUATING)
    store.activate(2)
    settle(database, store, records.get(database, job_id), Published(3, Decision(True, gate["reasons"]), 1, {}))
    row = records.get(database, job_id)
    assert row["state"] == "kept" and row["version"] == 3 and store.current() == 2
    assert row["reasons"][0] == "It reads better." and "version 2 became the current one" in row["reasons"][1]


def test_what_is_told_after_the_end_is_not_recorded(database: Database) -> None:
    job_id = new_job(database, State.RUNNING, State.CANCELLED)
    before = len(records.events_after(database, job_id, 0))
    reporting.report(database, job_id, {"step": 1})
    assert len(records.events_after(database, job_id, 0)) == before
    assert records.get(database, job_id)["progress"] is None


def test_a_cancel_is_audited_once(database: Database) -> None:
    job_id = new_job(database, State.RUNNING)
    for _ in range(2):
        records.request_cancel(database, job_id, "tester")
    assert reporting.heartbeat(database, job_id, "").wanted == State.CANCELLED
    assert actions(database) == ["cancel", "retrain"]
