"""What SIGTERM begins: the service is unready but answers for a while, in which a balancer notices; then it stops."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from types import FrameType

log = logging.getLogger("numeral")


class Draining:
    """Whether the service is about to stop: `begun` from the first SIGTERM on.

    seconds: that it still serves then; on_signal: what else every SIGTERM does.
    """

    def __init__(self, seconds: float, on_signal: Callable[[], None]) -> None:
        self.begun = False
        self._seconds = seconds
        self._on_signal = on_signal

    def listen(self) -> None:
        """Take over SIGTERM from the server that runs this event loop, and pass it on when the time has come.

        A second signal stops at once. Where no server has a handler of its own, the signal is left as it is.
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
