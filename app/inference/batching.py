"""Dynamic batching: calls that arrive in one iteration of the event loop become one batch.

No call waits for others to arrive: a single call is computed at once, and the calls of one iteration when it ends.
Twenty pictures in a batch cost half as much as one after the other, because the code and the weights that each step
needs stay in the processor's caches.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from app.http.errors import Problem
from model import faults

Item = TypeVar("Item")
Result = TypeVar("Result")

log = logging.getLogger(__name__)


class Batcher(Generic[Item, Result]):
    """Calls `work` with all the items submitted in one iteration of the event loop.

    work: takes items and returns a result for each, in order.
    most: the largest number of items in one call of `work`.
    When `work` raises for several items, each item is tried again alone, so that only the faulty one gets the
    exception. A Problem is an exception to this: all items get it.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Result]], most: int) -> None:
        self._work = work
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._is_busy = False  # whether several items came in the last iteration that was flushed
        self._began = False  # whether an item was computed in this iteration already

    async def submit(self, item: Item) -> Result:
        """Compute the item's result, alone or in a batch. Raises what `work` raises for the item."""
        loop = asyncio.get_running_loop()
        if not self._is_busy:
            if not self._began or self._most == 1:
                self._began = True
                loop.call_soon(self._next_turn)
                return self._work([item])[0]
            self._is_busy = True
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future))
        if len(self._waiting) == 1:
            loop.call_soon(self._flush)
        elif len(self._waiting) == self._most:
            self._flush()
        return await future

    def _next_turn(self) -> None:
        self._began = False

    def _flush(self) -> None:
        """Compute the waiting items, except those whose callers were cancelled."""
        waiting = [(item, future) for item, future in self._waiting if not future.done()]
        self._waiting.clear()
        if not waiting:  # a full batch was flushed before the iteration ended
            return
        self._is_busy = len(waiting) > 1
        items = [item for item, _ in waiting]
        outcomes = faults.each(self._work, items, log, "a batch", expected=(Problem,))
        for (_, future), outcome in zip(waiting, outcomes, strict=True):
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
