"""A large JPEG 2000 is decoded in a process of its own, so that other threads go on, with the same errors."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from model.preprocessing.decoding.limits import Limits
from model.preprocessing.errors import CorruptImage, ImageError, ImageTooLarge
from model.preprocessing.pipeline import read_digit
from tests.pictures import draw_seven, encoded
from tests.probe import least


def longest_pause(action: Callable[[], object]) -> float:
    """The longest time for which another thread could not run, as a share of the action's time."""
    ticks: list[float] = []
    done = threading.Event()

    def tick() -> None:
        while not done.wait(0.005):
            ticks.append(time.perf_counter())

    thread = threading.Thread(target=tick, daemon=True)
    thread.start()
    started = time.perf_counter()
    action()
    ended = time.perf_counter()
    done.set()
    thread.join()
    return np.diff([started, *ticks]).max() / (ended - started)


def test_a_jpeg_2000_leaves_other_threads_their_turns() -> None:
    file = encoded(Image.effect_noise((1200, 1200), 60), "JPEG2000", num_resolutions=1)

    def read() -> None:
        with suppress(ImageError):
            read_digit(file)

    assert least(lambda: longest_pause(read), 0.5) < 0.5


def test_what_is_wrong_with_a_large_jpeg_2000_is_said_as_of_a_small_one() -> None:
    file = encoded(Image.effect_noise((1200, 1200), 60), "JPEG2000")
    with pytest.raises(CorruptImage, match="cut or damaged"):
        read_digit(file[: len(file) // 2] + bytes(100))
    with pytest.raises(ImageTooLarge):
        read_digit(file, Limits(max_pixels=1_000_000))


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_jpeg_2000_is_decoded_whether_or_not_python_buffers_its_output(monkeypatch, unbuffered: str) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    assert read_digit(encoded(draw_seven(900), "JPEG2000")).pixels.any()
