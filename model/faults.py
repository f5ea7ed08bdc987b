"""Log unforeseen errors: the first of a kind with its traceback, repeats as a count.

A client that hits a bug can hit it a thousand times a second. The log stays short and still says how often it happened.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from traceback import walk_tb
from typing import ParamSpec, TypeVar

REPEAT_SECONDS = 60.0  # repeats are counted for this long, then one line gives their number
MAX_KINDS = 256  # kinds remembered; the one that occurred least recently is forgotten first

Kind = tuple[str, str, int]
Item = TypeVar("Item")
Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")


class FaultLog:
    """Logs unforeseen errors. Two are of one kind if they have the same type and were raised at the same line.

    seconds: from the first repeat of a kind to the line that counts them.
    """

    def __init__(self, seconds: float = REPEAT_SECONDS) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._repeats: OrderedDict[Kind, int] = OrderedDict()  # repeats of each kind that are not yet in the log

    def report(self, log: logging.Logger, what: str, error: BaseException) -> None:
        """Log that `what` failed with `error`: a new kind with its traceback at once, a repeat later in a count."""
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
        """Log how often a kind occurred since its last line in the log; nothing if it did not."""
        with self._lock:
            repeats = self._repeats.get(kind, 0)
            if repeats:
                self._repeats[kind] = 0
        if repeats:
            log.error("%s in %s:%d came %d times more within %g s", *kind, repeats, self._seconds)

    def count_all(self, log: logging.Logger) -> None:
        """Log the counts of all kinds; called before the process ends."""
        for kind in tuple(self._repeats):
            self.count(log, kind)


def kind_of(error: BaseException) -> Kind:
    """The error's type, and the file and line that raised it."""
    file, line = "", 0
    for frame, number in walk_tb(error.__traceback__):
        file, line = frame.f_code.co_filename, number
    return type(error).__qualname__, file, line


fault_log = FaultLog()
report = fault_log.report


def forget_frames(error: BaseException) -> None:
    """Drop the error's references to stack frames, which keep the frames' variables in memory."""
    error.__traceback__ = error.__context__ = error.__cause__ = None


def result_or_error(
    function: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Result | Exception:
    """Call the function; return its result, or the exception that it raised."""
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
    """Do the work on all items in one call; if that fails, on each item alone. Returns results or exceptions, in order.

    So one bad item spoils only its own result. An exception of an `expected` type is no item's fault: every item gets
    it, and nothing is tried again.
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
