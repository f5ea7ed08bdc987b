"""What comes in one turn of the event loop is done together, and nobody waits for company."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from app.gather import Gatherer


class Doubling:
    """Work that doubles, refuses any group with a negative number in it, and remembers the groups."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.groups.append(list(items))
        if min(items) < 0:
            raise ValueError("negative")
        return [2 * item for item in items]


def ask_together(gatherer: Gatherer[int, int], *items: int) -> asyncio.Future[list[int]]:
    """All of them in one turn of the event loop."""
    return asyncio.gather(*map(gatherer.submit, items))


async def sociable(work: Doubling, most: int) -> Gatherer[int, int]:
    """A gatherer that knows company; the work does not remember how it came to know."""
    gatherer = Gatherer(work, most, every=1)
    for _ in range(3):
        await ask_together(gatherer, *range(5))
    work.groups.clear()
    return gatherer


def done_at_once(gatherer: Gatherer[int, int], item: int) -> bool:
    """Whether it gets its result without a turn of the event loop."""
    submitted = gatherer.submit(item)
    try:
        submitted.send(None)
    except StopIteration as done:
        return bool(done.value == 2 * item)
    submitted.close()
    return False


def test_those_that_come_alone_or_in_twos_are_done_at_once() -> None:
    work = Doubling()

    async def ask() -> None:
        gatherer = Gatherer(work, 10, every=1)
        for item in range(3):
            assert done_at_once(gatherer, item)
            await asyncio.sleep(0)
        for item in range(3):
            assert done_at_once(gatherer, item) and done_at_once(gatherer, item)
            await asyncio.sleep(0)

    asyncio.run(ask())
    assert all(len(group) == 1 for group in work.groups)


def test_those_that_come_together_are_done_together_and_get_their_own_results() -> None:
    work = Doubling()

    async def ask() -> list[int]:
        gatherer = await sociable(work, 10)
        return await ask_together(gatherer, *range(6))

    assert asyncio.run(ask()) == [0, 2, 4, 6, 8, 10]
    assert work.groups == [[0, 1, 2, 3, 4, 5]]


def test_company_is_noticed_after_so_many_calls_by_the_third_of_a_turn() -> None:
    work = Doubling()

    async def ask() -> None:
        gatherer = Gatherer(work, 10, every=8)
        for _ in range(4):
            await ask_together(gatherer, *range(4))

    asyncio.run(ask())
    assert [len(group) for group in work.groups] == [1] * 10 + [2, 4]


def test_after_company_has_left_one_is_done_at_once_again() -> None:
    work = Doubling()

    async def ask() -> None:
        gatherer = await sociable(work, 10)
        await gatherer.submit(7)
        assert done_at_once(gatherer, 8)

    asyncio.run(ask())
    assert work.groups == [[7], [8]]


def test_a_group_is_never_larger_than_it_may_be() -> None:
    work = Doubling()

    async def ask() -> list[int]:
        return await ask_together(await sociable(work, 4), *range(11))

    assert asyncio.run(ask()) == [2 * item for item in range(11)]
    assert [len(group) for group in work.groups] == [4, 4, 3]


def test_where_only_one_may_be_done_at_once_nobody_waits() -> None:
    work = Doubling()

    async def ask() -> list[int]:
        return await ask_together(await sociable(work, 1), *range(5))

    assert asyncio.run(ask()) == [0, 2, 4, 6, 8]
    assert work.groups == [[0], [1], [2], [3], [4]]


def test_what_breaks_a_group_breaks_no_other() -> None:
    work = Doubling()

    async def ask() -> list[int | BaseException]:
        gatherer = await sociable(work, 10)
        broken = await asyncio.gather(*map(gatherer.submit, (3, -4, 5)), return_exceptions=True)
        return broken + await ask_together(gatherer, 6, 7, 8)

    *broken, first, second, third = asyncio.run(ask())
    assert len(broken) == 3 and all(isinstance(error, ValueError) for error in broken)
    assert [first, second, third] == [12, 14, 16]


def test_nothing_is_done_for_who_has_left() -> None:
    work = Doubling()

    async def ask() -> None:
        gatherer = await sociable(work, 10)
        tasks = [asyncio.create_task(gatherer.submit(item)) for item in range(4)]
        asyncio.get_running_loop().call_soon(tasks[2].cancel)  # after all were submitted, before the turn ends
        await asyncio.gather(*tasks, return_exceptions=True)
        assert tasks[2].cancelled()

    asyncio.run(ask())
    assert work.groups == [[0, 1, 3]]
