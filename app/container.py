"""A server whose end is the end of everything around it: the first process of a container.

Outside, a retraining outlives its server. In a container it is killed with it, so it is stopped before, and says why.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from app.db import Database, DatabaseUnavailable
from app.job_record import conclude
from app.job_states import State
from app.supervisor import STOPPED
from model.store import Store

log = logging.getLogger(__name__)

SMALL_INITS = {"docker-init", "tini", "dumb-init", "catatonit"}  # which end when their child does
STOP_SECONDS = 3.0  # that supervisors have to end their trainers and write it down
LOOK_SECONDS = 0.02
FIRST = 1  # the process whose end is the container's


def ends_with_server() -> bool:
    """Whether every process here ends with this server."""
    parent = multiprocessing.parent_process()
    main = os.getpid() if parent is None or parent.pid is None else parent.pid
    return ends_with(main, parent_of(main), name_of(FIRST))


def ends_with(main: int, parent: int, first: str) -> bool:
    """The same, of the server's main process, its parent, and the name of the first process."""
    return main == FIRST or (parent == FIRST and first in SMALL_INITS)


def parent_of(pid: int) -> int:
    """The parent of a process, 0 when that is not told (proc_pid_stat(5))."""
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def name_of(pid: int) -> str:
    """The name of a process's program."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def supervisors() -> dict[int, str]:
    """The processes here that supervise a retraining, each with its job."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                if words[1:3] == ["-m", "app.supervisor"] and len(words) > 3:
                    found[int(entry.name)] = words[3]
    return found


def tell_retrainings_to_stop() -> dict[int, str]:
    """SIGTERM to every supervisor, when all here ends with this server; answers with whom it was sent to."""
    if not ends_with_server():
        return {}
    told = supervisors()
    for pid in told:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGTERM)
    return told


def stop_retrainings(database: Database, store: Store, told: dict[int, str]) -> None:
    """Stop what would be killed in a moment, and see to it that each job says so.

    told: supervisors that know it already, and their jobs.
    """
    told = told | tell_retrainings_to_stop()
    deadline = time.monotonic() + STOP_SECONDS
    while told.keys() & supervisors().keys() and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    for job_id in told.values():
        log.warning("the retraining %s ends with this container", job_id)
        with suppress(DatabaseUnavailable):
            conclude(database, job_id, store, State.INTERRUPTED, STOPPED)
