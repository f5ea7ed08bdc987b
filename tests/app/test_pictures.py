"""Where a picture is read depends on how much there is to read in it, as far as its first bytes tell."""

from __future__ import annotations

import numpy as np
import pytest

from app.pictures import Picture, is_small, is_tiny
from model.image import to_png


def png(width: int, height: int) -> bytes:
    return to_png(np.full((height, width), 255, np.uint8))


@pytest.mark.parametrize(
    ("picture", "tiny", "small"),
    [
        ([bytes(28)] * 28, True, True),
        (png(28, 28), True, True),
        (png(64, 64), True, True),
        (png(65, 64), False, True),
        (png(128, 128), False, True),
        (png(129, 128), False, False),
        (png(28, 28) + bytes(40_000), False, False),
        (png(28, 28)[:20], False, False),
        (b"\xff\xd8" + bytes(2_000), False, True),
        (b"\xff\xd8" + bytes(3_000), False, False),
        (b"GIF89a\x08\x00\x08\x00", False, False),
        (b"", False, False),
    ],
    ids=["pixels", "28", "64", "65", "128", "129", "long", "cut", "jpeg", "long jpeg", "gif", "empty"],
)
def test_tiny_ones_are_read_together_small_ones_at_once_and_others_in_a_thread(
    picture: Picture, tiny: bool, small: bool
) -> None:
    assert (is_tiny(picture), is_small(picture)) == (tiny, small)
