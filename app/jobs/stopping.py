"""What happens from SIGTERM to the end: unready but serving for a while, and no retraining left to be killed.

On a machine a retraining outlives its server. In a container it would be killed, so it is stopped before and says why.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from contextlib import suppress
from types import FrameType

from fastapi import FastAPI

from app.database.database import Database, DatabaseUnavailable
from app.jobs.container import ends_with_server, supervisors
from app.jobs.reporting import conclude
from app.jobs.states import State
from app.jobs.supervisor import STOPPED
from model.registry.store import Store

log = logging.getLogger("numeral")

STOP_SECONDS = 3.0  # that supervisors have to end their trainers and write it down
LOOK_SECONDS = 0.02


def drain_on_sigterm(app: FastAPI) -> None:
    """From SIGTERM on be unready, but serve for `drain_seconds`, in which a balancer notices; then stop as ever.

    A second signal stops at once. Where no server has a handler of its own, the signal is left as it is.
    """
    stop = signal.getsignal(signal.SIGTERM)
    if not callable(stop):
        return
    loop = asyncio.get_running_loop()
    seconds = app.state.settings.drain_seconds

    def drain(number: int, frame: FrameType | None) -> None:
        if app.state.draining or not seconds:
            stop(number, frame)
        else:
            log.info("unready; stopping in %g seconds", seconds)
            loop.call_soon_threadsafe(loop.call_later, seconds, stop, number, None)
        app.state.draining = True
        app.state.signalled |= signal_supervisors()

    signal.signal(signal.SIGTERM, drain)


def signal_supervisors() -> dict[int, str]:
    """SIGTERM to every supervisor, when all here ends with this server; answers with whom it was sent to."""
    if not ends_with_server():
        return {}
    signalled = supervisors()
    for pid in signalled:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGTERM)
    return signalled


def stop_retrainings(database: Database, store: Store, signalled: dict[int, str]) -> None:
    """Stop what would be killed in a moment, and see to it that each job says so.

    signalled: supervisors that know it already, and their jobs.
    """
    signalled = signalled | signal_supervisors()
    deadline = time.monotonic() + STOP_SECONDS
    while signalled.keys() & supervisors().keys() and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
    for job_id in signalled.values():
        log.warning("the retraining %s ends with this container", job_id)
        with suppress(DatabaseUnavailable):
            conclude(database, job_id, store, State.INTERRUPTED, STOPPED)
