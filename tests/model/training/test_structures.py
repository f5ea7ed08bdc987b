"""What a page leaves when it shows no digit: blots, pieces of frames, displays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Generator, Tensor

from model.training.structures import PIECES, SEGMENTS, blots, drawn_lines, frames, segments

COUNT = 200


@pytest.mark.parametrize("make", [blots, frames, segments])
def test_each_is_ink_on_black_that_a_seed_fixes(make: Callable[[int, Generator], Tensor]) -> None:
    first, again, other = (make(COUNT, Generator().manual_seed(seed)) for seed in (1, 1, 2))
    assert first.shape == (COUNT, 1, 32, 32) and torch.equal(first, again) and not torch.equal(first, other)
    assert first.min() >= 0 and first.max() <= 1 and (first.sum(dim=(1, 2, 3)) > 5).all()


def test_no_blot_is_upright_like_a_one() -> None:
    inked = blots(COUNT, Generator().manual_seed(0))[:, 0] > 0.5
    high, wide = inked.any(dim=2).sum(dim=1), inked.any(dim=1).sum(dim=1)
    assert (high < 2 * wide).all() and (high < 0.6 * wide).any()


def test_blots_are_filled() -> None:
    assert (blots(COUNT, Generator().manual_seed(0))[:, 0, 15:17, 15:17] > 0.5).all()


def test_no_frame_is_a_lone_upright_line_nor_a_seven_nor_a_one_with_its_base() -> None:
    pieces = {tuple(piece) for piece in PIECES.tolist()}
    top, bottom, left, right, middle, upright = range(6)
    for like_a_digit in ({left}, {right}, {upright}, {top, right}, {bottom, upright}):
        assert tuple(int(i in like_a_digit) for i in range(6)) not in pieces
    assert tuple(int(i == middle) for i in range(6)) in pieces


def test_lines_are_drawn_where_they_are_asked_for() -> None:
    ends = SEGMENTS.view(1, -1, 2, 2).expand(2, -1, -1, -1)
    which = torch.tensor([[1, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1]])
    ink = drawn_lines(ends, which, torch.ones(2, 1))[:, 0]
    rows = [torch.nonzero(picture.sum(dim=1) > 1).float().mean() for picture in ink]
    assert rows[0] == pytest.approx(7, abs=0.6) and rows[1] == pytest.approx(15.5, abs=0.6)


def test_segments_are_apart() -> None:
    """Nowhere is a segment's end joined to the next one's: the corners of the field are dark."""
    picture = drawn_lines(SEGMENTS.view(1, -1, 2, 2), torch.ones(1, 7), torch.ones(1, 1))[0, 0]
    assert picture[7, 11] > 0.5  # as SEGMENTS has them, they meet
    shown = segments(COUNT, Generator().manual_seed(0))[:, 0]
    assert (shown[:, 7, 11] < 0.5).float().mean() > 0.9
