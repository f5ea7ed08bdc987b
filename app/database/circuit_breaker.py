"""A circuit breaker for the database: while it is unavailable, one request at a time probes it; others fail at once.

Without it, every request would wait for the database's timeout. They would occupy all threads, and later requests
would queue behind them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PROBE_WAIT_SECONDS = 0.1  # how long other requests wait for the probe: enough when the database is back


class CircuitBreaker:
    """Closed while attempts succeed; open from a failed attempt to the next success.

    why: the last failure; None while the circuit is closed.
    """

    def __init__(self) -> None:
        self.why: Exception | None = None
        self._probing = False
        self._changed = threading.Condition()

    @contextmanager
    def attempt(self) -> Iterator[bool]:
        """Run the block as one attempt. Yields whether it is a probe, that is, whether the circuit was open before.

        An exception from the block opens the circuit. Raises a copy of `why` while another thread probes.
        """
        is_probe = self._begin()
        try:
            yield is_probe
        except Exception as error:
            self._end(is_probe, error)
            raise
        except BaseException:
            self._end(is_probe, self.why)
            raise
        self._end(is_probe, None)

    def _begin(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self.why is None or not self._probing, PROBE_WAIT_SECONDS)
            if self.why is None:
                return False
            if self._probing:
                raise type(self.why)(str(self.why))  # a new exception, since each request has its own traceback
            self._probing = True
            return True

    def _end(self, is_probe: bool, why: Exception | None) -> None:
        with self._changed:
            self.why = why
            if is_probe:
                self._probing = False
            self._changed.notify_all()
