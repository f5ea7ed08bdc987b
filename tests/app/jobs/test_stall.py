"""A trainer without progress is ended, and its job says why; one that reads makes progress."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.database.database import Database
from app.jobs import stall, supervisor
from app.jobs.stall import Stall, bytes_moved
from app.jobs.states import State
from tests.client import ENDLESS, retrain
from tests.clock import Clock
from tests.jobs import new_job
from tests.processes import supervisor_of, trainer_of
from tests.server import wait_until

pytestmark = pytest.mark.slow  # trainers that hang


def test_only_time_without_a_sign_of_progress_and_with_somebody_looking_counts(monkeypatch) -> None:
    clock = Clock()
    monkeypatch.setattr(stall, "time", clock)
    detector = Stall()
    assert detector.look(1, "a") == 0
    clock.now += 2
    assert detector.look(1, "a") == 2
    clock.now += 3
    assert detector.look(1, "a") == 5
    clock.now += 86_400  # frozen, supervisor and all
    assert detector.look(1, "a") == 5 + stall.LONGEST_LOOK_SECONDS
    clock.now += 2
    assert detector.look(1, "b") == 0


def test_reading_and_writing_are_progress(tmp_path: Path) -> None:
    (tmp_path / "digits").write_bytes(b"x" * 100_000)
    before = bytes_moved(os.getpid())
    (tmp_path / "digits").read_bytes()
    assert bytes_moved(os.getpid()) >= before + 100_000
    assert bytes_moved(2**22 + 1) == 0  # there is no such process


@pytest.mark.skipif(sys.platform != "linux", reason="SIGSTOP is told by Linux's /proc")
def test_a_trainer_that_was_stopped_is_ended_and_the_job_says_so(start_server, small_weights: Path) -> None:
    server = start_server(small_weights, NUMERAL_RETRAIN_STALL_SECONDS="4")
    location = retrain(server, **ENDLESS)
    job_id = location.rpartition("/")[2]
    (trainer,) = wait_until(lambda: trainer_of(job_id))
    os.kill(trainer, signal.SIGSTOP)
    job = server.finished_job(location)
    assert job["state"] == "failed" and "no progress for 4 seconds" in job["error"]
    wait_until(lambda: not trainer_of(job_id) and not supervisor_of(job_id))


def test_a_trainer_that_only_reads_is_not_taken_for_one_that_hangs(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job_id = new_job(database, State.RUNNING)
    reading = "import signal\nsignal.alarm(60)\nwhile True: open('/proc/self/stat').read()"
    child = subprocess.Popen([sys.executable, "-c", reading])
    settings = SimpleNamespace(retrain_seconds=3, retrain_stall_seconds=1, retrain_megabytes=10_000)
    with (tmp_path / "log").open("w+b") as log:
        end = supervisor.watch(child, settings, database, job_id, log, threading.Event())
    assert end == (State.FAILED, "The training was ended at its time limit of 3 seconds.")
