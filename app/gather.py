"""Calls that come in one turn of the event loop, done together.

Nothing waits for company: a call that comes alone, or with one other, is done at once; what came together is done when
the turn ends. Twenty pictures cost half as much together as one after the other, since the code and the weights that
each step needs stay in the processor's caches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


FEW = 2  # calls of one turn that are done no sooner together than one by one
EVERY = 16  # one in so many calls that come alone looks whether others came with it, which costs a little


class Gatherer(Generic[Item, Result]):
    """Calls `work`, which takes items and gives a result for each in order, with what came in one turn of the loop.

    most: items that one call of `work` takes. What `work` raises, all of its items get.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Result]], most: int, every: int = EVERY) -> None:
        self._work = work
        self._most = most
        self._every = every
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._together = False  # whether many came in the turn that was looked at last, and since then never one alone
        self._unlooked = 0  # calls since then
        self._looking = False  # whether the next turn with a call is looked at
        self._seen = 0  # calls in the turn that is looked at, 0 when none is

    async def submit(self, item: Item) -> Result:
        """The result for the item."""
        if not (self._together or self._many_come()):
            return self._work([item])[0]
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, future))
        if len(self._waiting) == 1:
            loop.call_soon(self._flush)
        return await future

    def _many_come(self) -> bool:
        """Whether the calls of this turn are known to be many; counts them in a turn now and then."""
        loop = asyncio.get_running_loop()
        if self._seen:
            self._seen += 1
            self._together = min(self._seen, self._most) > FEW
        elif self._looking:
            self._seen = 1
            loop.call_soon(self._end_look)
        else:
            self._unlooked += 1
            if self._unlooked == self._every:
                loop.call_soon(self._begin_look)  # with the first call of a turn, not amid this one
        return self._together

    def _begin_look(self) -> None:
        self._unlooked, self._looking = 0, True

    def _end_look(self) -> None:
        self._seen, self._looking = 0, False

    def _flush(self) -> None:
        """Do what waits, but for those who have left meanwhile."""
        waiting = [(item, future) for item, future in self._waiting if not future.done()]
        self._waiting.clear()
        self._together = len(waiting) > 1
        for start in range(0, len(waiting), self._most):
            self._do(waiting[start : start + self._most])

    def _do(self, group: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        """Give each its result, or what `work` raises."""
        try:
            results = self._work([item for item, _ in group])
        except Exception as error:
            for _, future in group:
                future.set_exception(error)
            return
        for (_, future), result in zip(group, results, strict=True):
            future.set_result(result)
