"""Watches over one training: `python -m app.supervisor JOB`, started by the web process and then on its own.

It runs the trainer as a child and keeps the job's record true whatever becomes of it: heartbeats while it lives,
an end when it was asked to cancel, hangs past the time limit, eats memory past the limit, or dies.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from app import job_record
from app.db import Database, DatabaseUnavailable
from app.job_states import State
from app.settings import Settings, load_settings
from model.store import Store

LOOK_SECONDS = 0.2  # between two looks at the child
HEARTBEAT_SECONDS = 1.0
CANCEL_SECONDS = 5.0  # from SIGTERM to SIGKILL
PAGE_SIZE = resource.getpagesize()
MEGABYTE = 1_000_000

End = tuple[State, str]  # and its reason
WANTED: dict[State | None, End] = {
    State.CANCELLED: (State.CANCELLED, "Cancelled on request."),
    State.INTERRUPTED: (State.INTERRUPTED, "The job was given up meanwhile."),
}


def main() -> int:
    """Supervise the job named on the command line."""
    settings = load_settings()
    database, store = Database(settings.database_url), Store(settings.weights_dir)
    job_id = sys.argv[1]
    if not database.insist(lambda: job_record.move(database, job_id, State.RUNNING)):
        return 1
    with log_file() as log:
        end = run(settings, database, job_id, log)
        database.insist(lambda: job_record.conclude(database, job_id, store, *end))
        database.insist(lambda: job_record.write_log(database, job_id, tail(log)))
    return 0


class Stopped(BaseException):
    """SIGTERM came: the service stops, and this process with it."""


def stopped(*_: object) -> None:
    """Raise Stopped."""
    raise Stopped


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM raise Stopped meanwhile; afterwards it waits, as before, by how `app.supervisors` starts us."""
    signal.signal(signal.SIGTERM, stopped)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def log_file() -> IO[bytes]:
    """A file for the trainer's output; on Linux one that needs no folder, since there may be none to write to."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("trainer-log"), "w+b")
    return tempfile.TemporaryFile("w+b")


def run(settings: Settings, database: Database, job_id: str, log: IO[bytes]) -> End:
    """Run the trainer to its end; how the job ends, unless the trainer wrote a better end into its record."""
    child = None
    try:
        with stoppable():
            child = subprocess.Popen(
                [sys.executable, "-m", "app.trainer", job_id],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=thrifty(os.environ),
            )
            return watch(child, settings, database, job_id, log) or ending_of(child.returncode, tail(log))
    except OSError as error:
        return State.FAILED, f"The training process can't be started: {error.strerror}."
    except Stopped:
        if child is not None:
            stop(child)
        return State.INTERRUPTED, "The service was stopped. POST /admin/retrain starts a retraining again."


def thrifty(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with one core left to the server, and threads that sleep while they wait for each other."""
    cores = len(os.sched_getaffinity(0))
    return {"OMP_NUM_THREADS": str(max(1, cores - 1)), "OMP_WAIT_POLICY": "PASSIVE", **environment}


def watch(
    child: subprocess.Popen[bytes], settings: Settings, database: Database, job_id: str, log: IO[bytes]
) -> End | None:
    """Wait for the child; end it where it must be. Answers with the state and reason of an end that was forced."""
    deadline = time.monotonic() + settings.retrain_seconds
    next_heartbeat = 0.0
    progress = Progress(settings.retrain_stall_seconds)
    while True:
        with suppress(subprocess.TimeoutExpired):
            child.wait(LOOK_SECONDS)
            return None
        end: End | None = None
        if time.monotonic() >= next_heartbeat:
            pulse = beat(database, job_id, log)
            end = WANTED.get(pulse.wanted) or progress.look((pulse.progress, os.fstat(log.fileno()).st_size))
            next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
        if time.monotonic() > deadline:
            end = (State.FAILED, f"The training was ended at its time limit of {settings.retrain_seconds} seconds.")
        elif resident_megabytes(child.pid) > settings.retrain_megabytes:
            end = (State.FAILED, f"The training was ended at its memory limit of {settings.retrain_megabytes} MB.")
        if end is not None:
            stop(child)
            return end


def beat(database: Database, job_id: str, log: IO[bytes]) -> job_record.Pulse:
    """A heartbeat; one that a database does not take is made up for by the next."""
    try:
        return job_record.heartbeat(database, job_id, tail(log))
    except DatabaseUnavailable:  # while which nobody can tell a training that moves from one that does not
        return job_record.Pulse(None, {"database away at": time.monotonic()})


class Progress:
    """Notices a training that hangs: stopped, swapped out, or waiting for what never comes."""

    def __init__(self, stall_seconds: float) -> None:
        self.stall_seconds = stall_seconds
        self._seen: object = None
        self._since = time.monotonic()

    def look(self, seen: object) -> End | None:
        """The end of the job when `seen` has been the same for too long."""
        now = time.monotonic()
        if seen != self._seen:
            self._seen, self._since = seen, now
        elif now - self._since > self.stall_seconds:
            return State.FAILED, f"The training was ended: it made no progress for {self.stall_seconds:g} seconds."
        return None


def stop(child: subprocess.Popen[bytes]) -> None:
    """Ask the child to end, then make it."""
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(CANCEL_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def ending_of(status: int, log: str) -> End:
    """The end of a job whose trainer ended by itself, unless it wrote a better one."""
    if status < 0:
        return State.INTERRUPTED, f"The training process was killed by {signal.Signals(-status).name}."
    return State.FAILED, last_line(log) or f"The training process ended with status {status}."


def last_line(log: str) -> str:
    """The last line that says something."""
    return next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "")


def tail(log: IO[bytes]) -> str:
    """The end of the trainer's output."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - job_record.LOG_TAIL))
    return log.read().decode("utf-8", "replace").replace("\0", "")


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process, 0 where the system does not tell (Linux does, proc_pid_statm(5))."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * PAGE_SIZE / MEGABYTE


if __name__ == "__main__":
    sys.exit(main())
