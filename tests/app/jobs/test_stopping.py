"""A trainer without progress, and a container that stops: the job ends, and its record says why."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from app.database.database import Database
from app.database.tables import jobs as table
from app.jobs import container, records, reporting, scratch, stall, stopping, supervisor
from app.jobs.container import ends_with
from app.jobs.stall import Stall, bytes_moved
from app.jobs.states import State
from app.jobs.trainer import Recorder
from model.recipe import Progress
from model.registry.store import Store
from tests.app.routes.test_retrain import ENDLESS, retrain
from tests.conftest import Server, wait_until
from tests.processes import supervisor_of, trainer_of


class Clock:
    """A monotonic clock that tests move."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


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
    job_id = records.create(database, "tester", {}, None)[0]["id"]
    reporting.move(database, job_id, State.RUNNING)
    progress = Progress("training", 1, 2, 1, 10, 0.5, None, 1.0)
    Recorder(database, job_id)(progress)
    reporting.move(database, job_id, State.INTERRUPTED)
    with pytest.raises(SystemExit, match="given up"):
        Recorder(database, job_id)(progress)


def test_a_trainer_that_only_reads_is_not_taken_for_one_that_hangs(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job_id = records.create(database, "tester", {}, None)[0]["id"]
    reporting.move(database, job_id, State.RUNNING)
    reading = "import time\nfor _ in range(100): open('/proc/self/stat').read(); time.sleep(0.05)"
    child = subprocess.Popen([sys.executable, "-c", reading])
    settings = SimpleNamespace(retrain_seconds=3, retrain_stall_seconds=1, retrain_megabytes=10_000)
    with (tmp_path / "log").open("w+b") as log:
        end = supervisor.watch(child, settings, database, job_id, log, threading.Event())
    assert end == (State.FAILED, "The training was ended at its time limit of 3 seconds.")


def test_what_a_supervisor_can_not_write_is_in_the_job(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job_id = records.create(database, "tester", {}, None)[0]["id"]
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
    job_id = records.create(database, "tester", {}, None)[0]["id"]
    for seconds, state in ((9, "queued"), (3, "interrupted")):
        with database.begin() as connection:
            connection.execute(update(table).values(heartbeat_at=table.c.heartbeat_at - seconds))
        assert server.job(records.address(job_id))["state"] == state
    database.close()


@pytest.mark.parametrize(
    ("main", "parent", "first", "ends"),
    [
        (1, 0, "numeral", True),  # docker run numeral
        (7, 1, "docker-init", True),  # docker run --init numeral
        (7, 1, "tini", True),
        (700, 1, "systemd", False),  # a service of a machine
        (700, 650, "systemd", False),  # from a terminal
        (700, 650, "docker-init", False),  # docker exec: the container goes on
        (700, 1, "bash", False),
    ],
)
def test_what_ends_with_the_server(main: int, parent: int, first: str, ends: bool) -> None:
    assert ends_with(main, parent, first) is ends


def test_before_a_container_ends_its_jobs_say_so_once_their_supervisors_had_time(
    database: Database, monkeypatch: pytest.MonkeyPatch, two_versions: Store
) -> None:
    job_id = records.create(database, "tester", {}, None)[0]["id"]
    reporting.move(database, job_id, State.RUNNING)
    there = [{7: job_id}, {7: job_id}, {}]
    monkeypatch.setattr(stopping, "ends_with_server", lambda: False)
    monkeypatch.setattr(stopping, "supervisors", lambda: there.pop(0) if there else {})
    stopper = stopping.Stopper(database, two_versions)
    stopper.signalled[7] = job_id
    stopper.stop()
    assert not there  # it was waited for
    job = records.get(database, job_id)
    assert job["state"] == "interrupted" and "POST /admin/retrain" in job["error"]


def can_unshare() -> bool:
    """Whether this user may create a PID namespace."""
    command = ["unshare", "--pid", "--fork", "--mount-proc", "true"]
    return shutil.which("unshare") is not None and subprocess.run(command, capture_output=True).returncode == 0


class Contained(Server):
    """A server that is the first process of its own PID namespace, as in a container."""

    wrapper = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")

    def first(self) -> int:
        """The server's process id, as seen from outside the namespace."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(children[0])


def test_a_worker_asks_after_the_main_process(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(container, "ends_with", lambda main, parent, _: not asked.append((main, parent)))
    assert container.ends_with_server()
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: SimpleNamespace(pid=os.getppid()))
    assert container.ends_with_server()
    assert asked == [(os.getpid(), os.getppid()), (os.getppid(), container.parent_of(os.getppid()))]


def test_a_container_that_stops_interrupts_its_retraining_and_its_next_start_says_so(
    tmp_path: Path, small_weights: Path
) -> None:
    if not can_unshare():
        pytest.skip("needs unshare(1) and the right to make a namespace of processes")
    shutil.copytree(small_weights, tmp_path / "weights", ignore=shutil.ignore_patterns("CURRENT", ".*"))
    server = Contained(tmp_path)
    try:
        location = retrain(server, **ENDLESS)
        job_id = location.rpartition("/")[2]
        wait_until(lambda: server.job(location)["state"] == "running" and trainer_of(job_id))
        os.kill(server.first(), signal.SIGTERM)
        server.process.wait(10)
        server.start()
        job = server.job(location)
        assert job["state"] == "interrupted" and "service was stopped" in job["error"]
        log = (tmp_path / "log").read_text()
        assert "was interrupted" in log and "POST /admin/retrain" in log
    finally:
        if server.process.poll() is None:
            os.kill(server.first(), signal.SIGKILL)
            server.process.wait(10)
        server.client.close()
        server.admin.close()
