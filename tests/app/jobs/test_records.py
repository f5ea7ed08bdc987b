"""The records of jobs, on both databases: only allowed moves, one active job, and a true account of the end."""

from __future__ import annotations

import threading
import time
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import update

from app.database.database import Database, DatabaseUnavailable
from app.database.migrate import migrate
from app.database.tables import jobs as table
from app.jobs import records, reporting
from app.jobs.states import ACTIVE, MOVES, State
from model.registry.store import Store
from tests.jobs import OPTIONS, QUEUE_SECONDS, actions, make_old, new_job


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


@pytest.mark.parametrize(("here", "there"), list(product(State, State)), ids=lambda state: state.value)
def test_only_the_moves_of_the_table_are_made(tmp_path: Path, here: State, there: State) -> None:
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
            started.append(new_job(database))
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
def test_a_job_without_a_heartbeat_is_interrupted_and_says_why(
    database: Database, two_versions: Store, stage: str
) -> None:
    job_id = new_job(database, *path_to(State(stage)))
    records.sweep(database, two_versions, QUEUE_SECONDS)
    assert records.get(database, job_id)["state"] == stage
    make_old(database, job_id)
    records.sweep(database, two_versions, QUEUE_SECONDS)
    row = records.get(database, job_id)
    assert row["state"] == "interrupted" and stage in row["error"]
    assert reporting.heartbeat(database, job_id, "").wanted == State.INTERRUPTED
    assert not reporting.promote(database, job_id, two_versions, 2, 1) and two_versions.current() == 1
    new_job(database)
    assert actions(database)[:2] == ["retrain", "interrupted"]


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_host_whose_clock_is_wrong_neither_loses_a_job_nor_keeps_a_lost_one(
    database: Database, two_versions: Store, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    job_id = new_job(database, State.RUNNING)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + hours * 3600)  # as a web process on another host has it
    records.sweep(database, two_versions, QUEUE_SECONDS)
    assert records.get(database, job_id)["state"] == "running"
    reporting.heartbeat(database, job_id, "")
    monkeypatch.setattr(time, "time", real)
    records.sweep(database, two_versions, QUEUE_SECONDS)
    row = records.get(database, job_id)
    assert row["state"] == "running" and abs(row["started_at"] - time.time()) < 60
    assert abs(row["heartbeat_at"] - time.time()) < 60 and row["created_at"] <= row["started_at"]
    monkeypatch.setattr(time, "time", lambda: real() + hours * 3600)
    make_old(database, job_id, 60.0 + hours * 3600)
    records.sweep(database, two_versions, QUEUE_SECONDS)
    assert records.get(database, job_id)["state"] == "interrupted"


def test_a_queued_job_may_wait_for_a_worker_as_long_as_is_set(database: Database, two_versions: Store) -> None:
    job_id = new_job(database)
    with database.begin() as connection:  # half a minute later
        connection.execute(update(table).values(heartbeat_at=table.c.heartbeat_at - 30))
    records.sweep(database, two_versions, QUEUE_SECONDS)
    assert records.get(database, job_id)["state"] == "queued"
    with database.begin() as connection:
        connection.execute(update(table).values(heartbeat_at=table.c.heartbeat_at - 31))
    records.sweep(database, two_versions, QUEUE_SECONDS)
    assert records.get(database, job_id)["state"] == "interrupted"
    second = new_job(database)
    assert reporting.move(database, second, State.RUNNING)
    with database.begin() as connection:  # once it was claimed, a heartbeat must come
        connection.execute(update(table).values(heartbeat_at=table.c.heartbeat_at - 15))
    records.sweep(database, two_versions, QUEUE_SECONDS)
    assert records.get(database, second)["state"] == "interrupted"


def test_trainers_get_time_to_say_that_they_live_after_the_database_was_away(
    database: Database, two_versions: Store
) -> None:
    job_id = new_job(database, State.RUNNING)
    make_old(database, job_id)
    with pytest.raises(DatabaseUnavailable), database.begin() as connection:
        connection.exec_driver_sql("SELECT * FROM no_such_table")
    records.sweep(database, two_versions, QUEUE_SECONDS)
    assert records.get(database, job_id)["state"] == "running"


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
