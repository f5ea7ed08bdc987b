"""A circuit breaker for the database: while it is away, one request at a time probes it, and the others fail at once.

Requests that each waited for it would take every thread, and those behind them would wait for as long again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

PROBE_WAIT_SECONDS = 0.1  # that others wait for the probe: enough for a database that is back


class CircuitBreaker:
    """Closed while all is well, open from a failed attempt to the next good one.

    why: the failure; None while it is closed.
    """

    def __init__(self) -> None:
        self.why: Exception | None = None
        self._probing = False
        self._changed = threading.Condition()

    @contextmanager
    def attempt(self) -> Iterator[bool]:
        """One attempt, whose exception opens the circuit; whether it is a probe of an open one.

        Raises `why` while somebody else probes.
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
                raise type(self.why)(str(self.why))  # an exception of its own: it belongs to one request
            self._probing = True
            return True

    def _end(self, is_probe: bool, why: Exception | None) -> None:
        with self._changed:
            self.why = why
            if is_probe:
                self._probing = False
            self._changed.notify_all()
