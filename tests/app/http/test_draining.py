"""Graceful shutdown: the first SIGTERM, the second one, and a process without a handler of SIGTERM."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from app.http.draining import Draining


@pytest.fixture
def stops() -> Iterator[list[int]]:
    """The signals that reach the server's own handler."""
    seen: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: seen.append(number))
    yield seen
    signal.signal(signal.SIGTERM, before)


def after_signals(seconds: float, count: int, wait: float = 0.0) -> tuple[Draining, list[str]]:
    """Send SIGTERM `count` times and wait `wait` seconds. Returns the state, and what each signal has called."""
    noted: list[str] = []
    draining = Draining(seconds, lambda: noted.append("signalled"))

    async def scenario() -> None:
        draining.listen()
        assert not draining.begun
        for _ in range(count):
            os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.sleep(wait)

    asyncio.run(scenario())
    return draining, noted


def test_the_first_signal_makes_unready_and_the_server_stops_later(stops: list[int]) -> None:
    draining, noted = after_signals(600, count=1)
    assert draining.begun and noted == ["signalled"] and stops == []
    after_signals(0.01, count=1, wait=0.5)
    assert stops == [signal.SIGTERM]


def test_a_second_signal_stops_at_once(stops: list[int]) -> None:
    _, noted = after_signals(600, count=2)
    assert stops == [signal.SIGTERM] and noted == ["signalled", "signalled"]


def test_without_time_to_drain_the_first_signal_stops_at_once(stops: list[int]) -> None:
    draining, _ = after_signals(0, count=1)
    assert stops == [signal.SIGTERM] and draining.begun


def test_where_no_server_listens_the_signal_is_left_alone() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    asyncio.run(listen(Draining(600, lambda: None)))
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    signal.signal(signal.SIGTERM, before)


async def listen(draining: Draining) -> None:
    draining.listen()
