"""The supervisors that this process has started, and what becomes of them when it stops.

A training goes on without the server, but in a container nothing does: there it is interrupted, and says so.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

from app.supervisor import CANCEL_SECONDS

WAIT_SECONDS = CANCEL_SECONDS + 2.0


class Supervisors:
    """Starts supervisors; outlive: whether they go on when the server stops."""

    def __init__(self, outlive: bool) -> None:
        self.outlive = outlive and not is_init()
        self._processes: set[subprocess.Popen[bytes]] = set()

    def start(self, job_id: str) -> None:
        """Start the supervisor of a queued job, in a session of its own, so that no signal of a terminal ends it."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # it waits until the supervisor can answer
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", "app.supervisor", job_id],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._processes.add(process)
        threading.Thread(target=self._reap, args=(process,), name="reap-supervisor", daemon=True).start()

    def _reap(self, process: subprocess.Popen[bytes]) -> None:
        process.wait()
        self._processes.discard(process)

    def interrupt(self) -> None:
        """When the server begins to stop: ask those that would not outlive it to end their jobs."""
        if not self.outlive:
            for process in tuple(self._processes):
                process.send_signal(signal.SIGTERM)

    def wait(self) -> None:
        """Before the server ends: wait for those that were interrupted."""
        if not self.outlive:
            for process in tuple(self._processes):
                with suppress(subprocess.TimeoutExpired):
                    process.wait(WAIT_SECONDS)


def is_init() -> bool:
    """Whether this process, or the one whose worker it is, is a container's first, with which all others end."""
    parent = multiprocessing.parent_process()
    return 1 in (os.getpid(), parent.pid if parent else None)
