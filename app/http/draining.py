"""Graceful shutdown: after SIGTERM the service says it is unready, still answers for a while, and then stops."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from types import FrameType

log = logging.getLogger("numeral")


class Draining:
    """Delays the stop after SIGTERM. `begun` is true from the first SIGTERM on.

    seconds: how long the service still answers; on_signal: called at every SIGTERM.
    """

    def __init__(self, seconds: float, on_signal: Callable[[], None]) -> None:
        self.begun = False
        self._seconds = seconds
        self._on_signal = on_signal

    def listen(self) -> None:
        """Replace the server's handler of SIGTERM by one that calls it after the delay.

        A second SIGTERM stops the service at once. When the server has no handler, nothing is changed.
        """
        stop = signal.getsignal(signal.SIGTERM)
        if not callable(stop):
            return
        loop = asyncio.get_running_loop()

        def drain(number: int, frame: FrameType | None) -> None:
            if self.begun or not self._seconds:
                stop(number, frame)
            else:
                log.info("unready; stopping in %g seconds", self._seconds)
                loop.call_soon_threadsafe(loop.call_later, self._seconds, stop, number, None)
            self.begun = True
            self._on_signal()

        signal.signal(signal.SIGTERM, drain)
