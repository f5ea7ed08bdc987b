"""Our own bugs in the log: the first of a kind with its traceback, the repeats as a count.

A client that found a bug can repeat it a thousand times a second; the log stays short, and still says how often.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from traceback import walk_tb
from typing import ParamSpec, TypeVar

REPEAT_SECONDS = 60.0  # that repeats are counted before a line says how many they were
MAX_KINDS = 256  # remembered; the one that was quiet for longest is forgotten first

Kind = tuple[str, str, int]
Item = TypeVar("Item")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


class FaultLog:
    """Logs errors that nobody foresaw; errors are of one kind when type, file and line of the raise are the same.

    seconds: from the first repeat of a kind to the line that counts them.
    """

    def __init__(self, seconds: float = REPEAT_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._repeats: OrderedDict[Kind, int] = OrderedDict()  # that are not in the log yet

    def report(self, log: logging.Logger, what: str, error: BaseException) -> None:
        """Log that `what` broke by `error`: with the traceback, or later as one of a count."""
        kind = kind_of(error)
        with self._lock:
            repeats = self._repeats.get(kind, -1) + 1
            self._repeats[kind] = repeats
            self._repeats.move_to_end(kind)
            if len(self._repeats) > MAX_KINDS:
                self._repeats.popitem(last=False)
        if not repeats:
            log.error("%s broke", what, exc_info=error)
        elif repeats == 1:
            timer = threading.Timer(self._seconds, self.count, (log, kind))
            timer.daemon = True
            timer.start()

    def count(self, log: logging.Logger, kind: Kind) -> None:
        """Log how often a kind came again since it was logged last."""
        with self._lock:
            repeats = self._repeats.get(kind, 0)
            if repeats:
                self._repeats[kind] = 0
        if repeats:
            log.error("%s in %s:%d came %d times more within %g s", *kind, repeats, self._seconds)

    def count_all(self, log: logging.Logger) -> None:
        """The same of every kind, before the process ends."""
        for kind in tuple(self._repeats):
            self.count(log, kind)


def kind_of(error: BaseException) -> Kind:
    """Type, file and line of where the error was raised."""
    file, line = "", 0
    for frame, number in walk_tb(error.__traceback__):
        file, line = frame.f_code.co_filename, number
    return type(error).__qualname__, file, line


fault_log = FaultLog()
report = fault_log.report


def forget_frames(error: BaseException) -> None:
    """Let go of the frames that an error holds, and with them of what their variables hold."""
    error.__traceback__ = error.__context__ = error.__cause__ = None


def result_or_error(
    function: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Result | Exception:
    """What the function returns or raises."""
    try:
        return function(*arguments, **named)
    except Exception as error:
        return error


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
