"""Calls that come in one turn of the event loop, done together.

Nothing waits for company: a call that comes alone is done at once, and calls that came together are done when the
turn ends. Twenty pictures cost half as much together as one after the other, since the code and the weights that each
step needs stay in the processor's caches.
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
    """Calls `work`, which takes items and gives a result for each in order, with what came in one turn of the loop.

    most: items that one call of `work` takes. Where `work` breaks for several, each is tried again by itself, so that
    what is wrong with one is raised to that one only; a Problem that it raises is that of all.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Result]], most: int) -> None:
        self._work = work
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._is_busy = False  # whether several items came in the last turn that was looked at
        self._began = False  # whether an item was done in this turn already

    async def submit(self, item: Item) -> Result:
        """The result for the item."""
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
        """Do what waits, but for those who have left meanwhile."""
        waiting = [(item, future) for item, future in self._waiting if not future.done()]
        self._waiting.clear()
        if not waiting:  # a full group was done before the turn ended
            return
        self._is_busy = len(waiting) > 1
        items = [item for item, _ in waiting]
        outcomes = faults.each(self._work, items, log, "a group", expected=(Problem,))
        for (_, future), outcome in zip(waiting, outcomes, strict=True):
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
