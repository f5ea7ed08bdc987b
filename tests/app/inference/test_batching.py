"""Dynamic batching: items of one iteration of the event loop become a batch, and a single item never waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from app.inference.batching import Batcher


class Doubling:
    """Doubles each number, raises for a batch with a negative number, and remembers the batches."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.groups.append(list(items))
        if min(items) < 0:
            raise ValueError("negative")
        return [2 * item for item in items]


def test_one_that_comes_alone_is_done_at_once() -> None:
    work = Doubling()

    async def ask() -> None:
        batcher = Batcher(work, 10)
        for item in (1, 2, 3):
            submitted = batcher.submit(item)
            with pytest.raises(StopIteration) as done:
                submitted.send(None)  # to its end, without a turn of the loop
            assert done.value.value == 2 * item
            await asyncio.sleep(0)

    asyncio.run(ask())
    assert work.groups == [[1], [2], [3]]


def test_those_that_come_together_are_done_together_and_get_their_own_results() -> None:
    work = Doubling()

    async def ask() -> list[int]:
        batcher = Batcher(work, 10)
        await asyncio.gather(*map(batcher.submit, range(5)))
        return await asyncio.gather(*map(batcher.submit, range(5)))

    assert asyncio.run(ask()) == [0, 2, 4, 6, 8]
    assert work.groups == [[0], [1, 2, 3, 4], [0, 1, 2, 3, 4]]  # only the very first did not know of the others


def test_after_company_has_left_one_is_done_at_once_again() -> None:
    work = Doubling()

    async def ask() -> None:
        batcher = Batcher(work, 10)
        await asyncio.gather(*map(batcher.submit, range(3)))
        await batcher.submit(7)
        with pytest.raises(StopIteration):
            batcher.submit(8).send(None)

    asyncio.run(ask())
    assert work.groups == [[0], [1, 2], [7], [8]]


def test_a_group_is_never_larger_than_it_may_be() -> None:
    work = Doubling()

    async def ask() -> list[int]:
        return await asyncio.gather(*map(Batcher(work, 4).submit, range(12)))

    assert asyncio.run(ask()) == [2 * item for item in range(12)]
    assert [len(group) for group in work.groups] == [1, 4, 4, 3]


def test_where_only_one_may_be_done_at_once_nobody_waits() -> None:
    work = Doubling()

    async def ask() -> list[int]:
        return await asyncio.gather(*map(Batcher(work, 1).submit, range(3)))

    assert asyncio.run(ask()) == [0, 2, 4]
    assert work.groups == [[0], [1], [2]]


def test_what_is_wrong_with_one_is_raised_to_that_one_only() -> None:
    async def ask() -> list[int | BaseException]:
        batcher = Batcher(Doubling(), 32)
        await asyncio.gather(*map(batcher.submit, (0, 1, 2)))  # from now on others are waited for
        items = [*range(20), -1, *range(21, 32)]
        return await asyncio.gather(*map(batcher.submit, items), return_exceptions=True)

    outcomes = asyncio.run(ask())
    assert isinstance(outcomes.pop(20), ValueError)
    assert outcomes == [2 * item for item in range(32) if item != 20]


def test_nobody_waits_for_ever_for_work_that_forgets_a_result() -> None:
    async def ask() -> list[int | BaseException]:
        batcher = Batcher(lambda items: items[:1], 10)
        await asyncio.gather(*map(batcher.submit, (0, 1, 2)))
        return await asyncio.gather(*map(batcher.submit, (3, 4)))

    assert asyncio.run(asyncio.wait_for(ask(), 10)) == [3, 4]


def test_nothing_is_done_for_who_has_left() -> None:
    work = Doubling()

    async def ask() -> None:
        batcher = Batcher(work, 10)
        tasks = [asyncio.create_task(batcher.submit(item)) for item in range(4)]
        asyncio.get_running_loop().call_soon(tasks[2].cancel)  # after all were submitted, before the turn ends
        await asyncio.gather(*tasks, return_exceptions=True)
        assert tasks[2].cancelled()

    asyncio.run(ask())
    assert work.groups[0] == [0] and 2 not in work.groups[1]
