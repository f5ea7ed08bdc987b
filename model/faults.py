"""Our own bugs in the log: the first of a kind with its traceback, the repeats as a count.

A client that found a bug can repeat it a thousand times a second; the log stays short, and still says how often.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from traceback import walk_tb
from typing import TypeVar

REPEAT_SECONDS = 60.0  # between two lines of one kind
MAX_KINDS = 256  # remembered; the one that was quiet for longest is forgotten first

Kind = tuple[str, str, int]
Item = TypeVar("Item")
Result = TypeVar("Result")


class FaultLog:
    """Logs errors that nobody foresaw; errors are of one kind when type, file and line of the raise are the same."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: OrderedDict[Kind, tuple[float, int]] = OrderedDict()  # when last logged, how many since then

    def report(self, log: logging.Logger, what: str, error: BaseException) -> None:
        """Log that `what` broke by `error`: with the traceback, or as a count at most every REPEAT_SECONDS."""
        kind, now = kind_of(error), self._clock()
        with self._lock:
            known = self._seen.get(kind)
            logged, count = known or (now, 0)
            due = known is None or now - logged >= REPEAT_SECONDS
            self._seen[kind] = (now, 0) if due else (logged, count + 1)
            self._seen.move_to_end(kind)
            if len(self._seen) > MAX_KINDS:
                self._seen.popitem(last=False)
        if known is None:
            log.error("%s broke", what, exc_info=error)
        elif due:
            name, file, line = kind
            log.error("%s broke, as %d times in %.0f s: %s in %s:%d", what, count + 1, now - logged, name, file, line)


def kind_of(error: BaseException) -> Kind:
    """Type, file and line of where the error was raised."""
    file, line = "", 0
    for frame, number in walk_tb(error.__traceback__):
        file, line = frame.f_code.co_filename, number
    return type(error).__qualname__, file, line


report = FaultLog().report


def forget_frames(error: BaseException) -> None:
    """Let go of the frames that an error holds, and with them of what their variables hold."""
    error.__traceback__ = error.__context__ = error.__cause__ = None


def each(
    work: Callable[[Sequence[Item]], Sequence[Result]],
    items: Sequence[Item],
    log: logging.Logger,
    what: str,
    expected: tuple[type[Exception], ...] = (),
) -> list[Result | Exception]:
    """What `work` makes of the items together, in order; where it breaks, of each alone, or the exception it raises.

    An exception of an `expected` type is no fault of an item: every one gets it, and nothing is tried again.
    """
    try:
        results = list(work(items))
        if len(results) != len(items):
            raise RuntimeError(f"{len(results)} results for {len(items)} items")
        return [*results]
    except expected as error:
        return [error] * len(items)
    except Exception as error:
        if len(items) == 1:
            return [error]
        report(log, f"{what}, {len(items)} together,", error)
        return [outcome for item in items for outcome in each(work, [item], log, what)]
