"""Stop retrainings before the container ends, so that their records say why.

Outside a container a retraining goes on when its server ends. In a container it would be killed without a record.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from app.database.database import Database, DatabaseUnavailable
from app.jobs.container import ends_with_server
from app.jobs.reporting import conclude
from app.jobs.states import State
from app.jobs.supervisor import ARGUMENTS, STOPPED
from model.registry.store import Store

log = logging.getLogger("numeral")

STOP_SECONDS = 3.0  # for supervisors to end their trainers and update the records
LOOK_SECONDS = 0.02


class Stopper:
    """Stops the retrainings that would end with this server.

    signalled: the supervisors that were sent SIGTERM: process id → job.
    """

    def __init__(self, database: Database, store: Store) -> None:
        self.signalled: dict[int, str] = {}
        self._database = database
        self._store = store

    def signal(self) -> None:
        """Send SIGTERM to every supervisor, if all processes end with this server."""
        if not ends_with_server():
            return
        found = supervisors()
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGTERM)
        self.signalled = self.signalled | found  # a new dict, since another thread may be iterating over the old one

    def stop(self) -> None:
        """Signal supervisors again, wait up to STOP_SECONDS for them, and mark the jobs still active as interrupted."""
        self.signal()
        deadline = time.monotonic() + STOP_SECONDS
        while self.signalled.keys() & supervisors().keys() and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
        for job_id in self.signalled.values():
            log.warning("the retraining %s ends with this container", job_id)
            with suppress(DatabaseUnavailable):
                conclude(self._database, job_id, self._store, State.INTERRUPTED, STOPPED)


def supervisors() -> dict[int, str]:
    """The running supervisors: process id → job."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                if words[1:3] == ARGUMENTS and len(words) > 3:
                    found[int(entry.name)] = words[3]
    return found
