"""A job that is told to stop, can't start or is never claimed: it ends, and its record says why."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy import update

from app.database.database import Database
from app.database.tables import jobs as table
from app.jobs import records, reporting, scratch, stopping, supervisor
from app.jobs.states import State
from app.jobs.trainer import Recorder
from model.recipe import Progress
from model.registry.store import Store
from tests.client import ENDLESS, retrain
from tests.jobs import new_job
from tests.processes import supervisor_of, trainer_of
from tests.server import wait_until


def test_a_supervisor_that_is_told_to_stop_interrupts_its_job_and_says_what_to_do(
    start_server, small_weights: Path
) -> None:
    server = start_server(small_weights)
    location = retrain(server, **ENDLESS)
    job_id = location.rpartition("/")[2]
    wait_until(lambda: server.job(location)["state"] == "running" and trainer_of(job_id))
    os.kill(supervisor_of(job_id)[0], signal.SIGTERM)
    job = server.finished_job(location, 10)
    assert job["state"] == "interrupted"
    assert "service was stopped" in job["error"] and "POST /admin/retrain" in job["error"]
    assert not trainer_of(job_id)


def test_a_trainer_whose_job_was_given_up_ends_by_itself(database: Database) -> None:
    job_id = new_job(database, State.RUNNING)
    progress = Progress("training", 1, 2, 1, 10, 0.5, None, 1.0)
    Recorder(database, job_id)(progress)
    reporting.move(database, job_id, State.INTERRUPTED)
    with pytest.raises(SystemExit, match="given up"):
        Recorder(database, job_id)(progress)


def test_what_a_supervisor_can_not_write_is_in_the_job(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job_id = new_job(database)
    monkeypatch.setenv("NUMERAL_DATABASE_URL", database_url)
    monkeypatch.setattr(sys, "argv", ["supervisor", job_id])
    monkeypatch.setattr(supervisor, "own_folders", lambda _: [Path("/proc")])
    monkeypatch.setattr(scratch.tempfile, "gettempdir", lambda: "/proc")
    before = signal.getsignal(signal.SIGTERM)
    assert supervisor.main() == 0
    signal.signal(signal.SIGTERM, before)
    job = records.get(database, job_id)
    assert job["state"] == "failed" and "/proc" in job["error"] and "can't be started" in job["error"]


def test_a_queued_job_that_nobody_claims_is_given_up_after_the_time_that_is_set(
    start_server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start_server(NUMERAL_QUEUE_SECONDS="11")
    database = Database(server.environment["NUMERAL_DATABASE_URL"])
    job_id = new_job(database)
    for seconds, state in ((9, "queued"), (3, "interrupted")):
        with database.begin() as connection:
            connection.execute(update(table).values(heartbeat_at=table.c.heartbeat_at - seconds))
        assert server.job(records.address(job_id))["state"] == state
    database.close()


def test_before_a_container_ends_its_jobs_say_so_once_their_supervisors_had_time(
    database: Database, monkeypatch: pytest.MonkeyPatch, two_versions: Store
) -> None:
    job_id = new_job(database, State.RUNNING)
    there = [{7: job_id}, {7: job_id}, {}]
    monkeypatch.setattr(stopping, "ends_with_server", lambda: False)
    monkeypatch.setattr(stopping, "supervisors", lambda: there.pop(0) if there else {})
    stopper = stopping.Stopper(database, two_versions)
    stopper.signalled[7] = job_id
    stopper.stop()
    assert not there  # it was waited for
    job = records.get(database, job_id)
    assert job["state"] == "interrupted" and "POST /admin/retrain" in job["error"]
