"""Supervise one retraining: `python -m app.jobs.supervisor JOB`, started by the web process, independent of it after.

It runs the trainer as a child process and keeps the job's record true. It writes a heartbeat while the trainer lives.
It ends the trainer when a cancel is requested, when there is no progress, and at the limits of time and memory; and it
records the end of a trainer that dies. On SIGTERM, which a stopping container sends, the job ends as interrupted, and
its record says that the service was stopped.
"""

from __future__ import annotations

import logging.config
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import IO

from app.database.database import Database, DatabaseUnavailable
from app.database.sqlite import sqlite_file
from app.database.timeouts import ANSWER_SECONDS
from app.jobs import reporting
from app.jobs.forwarding import forwarding
from app.jobs.records import AGAIN
from app.jobs.scratch import scratch_folder
from app.jobs.stall import Stall, bytes_moved
from app.jobs.states import State
from app.observability.logs import LOGGING
from app.settings import MEGABYTE, Settings, load_settings
from model.registry.store import Store

LOOK_SECONDS = 0.2  # between two checks of the child
HEARTBEAT_SECONDS = 1.0
CANCEL_SECONDS = 5.0  # from SIGTERM to SIGKILL
PAGE_SIZE = resource.getpagesize()
ARGUMENTS = ["-m", "app.jobs.supervisor"]  # of Python, before the job's id; they identify a supervisor's process
STOPPED = f"The service was stopped, and the training with it. {AGAIN}"
STALLED = "The training made no progress for {} seconds, and was ended: it was stopped, or it hung."
End = tuple[State, str]  # the job's last state, and the reason
WANTED: dict[State | None, End] = {
    State.CANCELLED: (State.CANCELLED, "Cancelled on request."),
    State.INTERRUPTED: (State.INTERRUPTED, "The job was given up meanwhile."),
}


def start(job_id: str, environment: Mapping[str, str] | None = None) -> None:
    """Start the supervisor of a queued job, in its own session, so that it does not end with the server."""
    process = subprocess.Popen(
        [sys.executable, *ARGUMENTS, job_id],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        env=environment,
    )
    threading.Thread(target=process.wait, name="reap-supervisor", daemon=True).start()


def main() -> int:
    """Supervise the job named on the command line."""
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    logging.config.dictConfig(LOGGING)
    settings = load_settings()
    with closing(Database(settings.database_url, ANSWER_SECONDS)) as database:
        return supervise(settings, database, sys.argv[1], stopped)


def supervise(settings: Settings, database: Database, job_id: str, stopped: threading.Event) -> int:
    """Run the job's trainer, record how it ended, and return the exit status.

    stopped: set when this process gets SIGTERM. The status is 1 when the job is not queued any more.
    """
    store = Store(settings.weights_dir)
    if not database.retry(lambda: reporting.move(database, job_id, State.RUNNING)):
        return 1
    try:
        with scratch_folder(own_folders(settings)) as folder, (folder / "log").open("w+b") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "app.jobs.trainer", job_id],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment_of(os.environ, folder),
            )
            with forwarding(log, job_id):
                end = watch(child, settings, database, job_id, log, stopped)
            end = end or ending_of(child.returncode, tail(log))
            database.retry(lambda: reporting.conclude(database, job_id, store, *end))
            database.retry(lambda: reporting.write_log(database, job_id, tail(log)))
    except OSError as error:
        why = f"The training can't be started: {error.strerror or error}."
        database.retry(lambda: reporting.conclude(database, job_id, store, State.FAILED, why))
    return 0


def own_folders(settings: Settings) -> list[Path]:
    """The folders that the service writes to: weights, cache, and an SQLite database's."""
    file = sqlite_file(settings.database_url)
    return [settings.weights_dir, settings.cache_dir.parent, *([file.parent] if file else [])]


def environment_of(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The trainer's environment. folder: where it and its libraries write temporary files (matplotlib's cache, too).

    The trainer uses all cores but one, which is left to the server. Its threads sleep while they wait for each other.
    """
    cores = len(os.sched_getaffinity(0))
    thrifty = {"OMP_NUM_THREADS": str(max(1, cores - 1)), "OMP_WAIT_POLICY": "PASSIVE"}
    return {**thrifty, **environment, "TMPDIR": str(folder)}


def watch(
    child: subprocess.Popen[bytes],
    settings: Settings,
    database: Database,
    job_id: str,
    log: IO[bytes],
    stopped: threading.Event,
) -> End | None:
    """Wait for the child, and end it when needed.

    Returns the job's end when this function ended the child; None when the child ended by itself.
    """
    deadline = time.monotonic() + settings.retrain_seconds
    next_heartbeat = 0.0
    stall, progress = Stall(), None
    while True:
        with suppress(subprocess.TimeoutExpired):
            child.wait(LOOK_SECONDS)
            return None
        end: End | None = None
        if time.monotonic() >= next_heartbeat:
            next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
            try:
                pulse = reporting.heartbeat(database, job_id, tail(log))
                end, progress = WANTED.get(pulse.wanted), pulse.progress
            except DatabaseUnavailable:
                stall.forget()  # the trainer may be waiting for the database, too
        standing = stall.look(progress, bytes_moved(child.pid), log.seek(0, os.SEEK_END))
        if stopped.is_set():
            stop(child, CANCEL_SECONDS)
            return State.INTERRUPTED, STOPPED
        if standing > settings.retrain_stall_seconds:
            stop(child, 0.0)  # a stopped process (SIGSTOP) does not handle SIGTERM
            return State.FAILED, STALLED.format(settings.retrain_stall_seconds)
        end = end_at_limit(child.pid, settings, deadline) or end
        if end is not None:
            stop(child, CANCEL_SECONDS)
            return end


def end_at_limit(pid: int, settings: Settings, deadline: float) -> End | None:
    """The end of a training beyond its limit of time or memory, else None. deadline: on the monotonic clock."""
    if time.monotonic() > deadline:
        return State.FAILED, f"The training was ended at its time limit of {settings.retrain_seconds} seconds."
    if resident_megabytes(pid) > settings.retrain_megabytes:
        return State.FAILED, f"The training was ended at its memory limit of {settings.retrain_megabytes} MB."
    return None


def stop(child: subprocess.Popen[bytes], seconds: float) -> None:
    """Send the child SIGTERM, and SIGKILL when it has not ended after `seconds`."""
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def ending_of(status: int, log: str) -> End:
    """The end of a job whose trainer ended by itself. Used when the trainer has not recorded an end.

    status: the trainer's exit status, negative when a signal killed it.
    """
    if status < 0:
        return State.INTERRUPTED, f"The training process was killed by {signal.Signals(-status).name}."
    return State.FAILED, last_line(log) or f"The training process ended with status {status}."


def last_line(log: str) -> str:
    """The last line that is not blank."""
    return next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "")


def tail(log: IO[bytes]) -> str:
    """The end of the trainer's output."""
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - reporting.LOG_TAIL))
    return log.read().decode("utf-8", "replace").replace("\0", "")


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process in MB (proc_pid_statm(5)); 0 where there is no /proc."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * PAGE_SIZE / MEGABYTE


if __name__ == "__main__":
    sys.exit(main())
