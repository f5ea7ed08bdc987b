"""While a database is away, one at a time tries it; everybody else is told at once what the last one found.

Requests that each waited for it would take every thread, and those behind them would wait for as long again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

TURN_SECONDS = 0.1  # that one waits for whoever is trying: enough for a database that is back


class Outage:
    """Whether the last try failed. why: what it found, None while all is well."""

    def __init__(self) -> None:
        self.why: Exception | None = None
        self._trying = False
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """One try, whose exception is what others are told; whether the one before it failed.

        Raises `why` where somebody else is trying already.
        """
        tries = self._begin()
        try:
            yield tries
        except Exception as error:
            self._end(tries, error)
            raise
        except BaseException:
            self._end(tries, self.why)
            raise
        self._end(tries, None)

    def _begin(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self.why is None or not self._trying, TURN_SECONDS)
            if self.why is None:
                return False
            if self._trying:
                raise type(self.why)(str(self.why))  # an exception of its own: it belongs to one request
            self._trying = True
            return True

    def _end(self, tries: bool, why: Exception | None) -> None:
        with self._changed:
            self.why = why
            if tries:
                self._trying = False
            self._changed.notify_all()
