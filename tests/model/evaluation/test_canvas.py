"""The marks of page conditions are as long, wide and far apart as they say."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from model.data.written import written
from model.evaluation.robustness.canvas import (
    disc,
    drawn,
    grating,
    line,
    outline,
    paper,
    placed,
    ring,
    shot,
    stroke,
    within,
)

SHAPE = (100, 120)


def random(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def bar() -> np.ndarray:
    """MNIST's ink uint8 (28, 28): a bar of 4×20 pixels."""
    ink = np.zeros((28, 28), np.uint8)
    ink[4:24, 10:14] = 255
    return ink


def test_a_line_has_its_length_and_width() -> None:
    share = line(SHAPE, (20, 50), (90, 50), 5)
    assert share.shape == SHAPE and share.max() == 1 and share.min() == 0
    assert share[:, 60].sum() == pytest.approx(5) and share[50].sum() == pytest.approx(76, abs=1)
    oblique = line(SHAPE, (20, 20), (80, 80), 5)
    assert oblique[50].sum() == pytest.approx(5 * 2**0.5, abs=0.5) and oblique[50, 50] == 1


def test_a_line_thinner_than_a_pixel_is_fainter() -> None:
    assert line(SHAPE, (0, 50), (120, 50), 0.4).max() == pytest.approx(0.4)
    assert stroke(np.zeros(1), 1.0) == 1


@pytest.mark.parametrize("angle", [0, 30, 90])
def test_a_grating_covers_its_share_of_the_page_and_repeats_along_its_normal(angle: float) -> None:
    share = grating((400, 400), 20, 4, angle, random())
    assert share.mean() == pytest.approx(4 / 20, abs=0.02)
    step = np.rint(20 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])).astype(int)
    moved = np.roll(share, (step[0], -step[1]), (0, 1))
    assert np.abs(share - moved)[30:-30, 30:-30].mean() < 0.05


def test_an_outline_is_empty_within_and_its_corners_are_round() -> None:
    square, rounded = (outline(SHAPE, (20, 10, 100, 90), radius, 3) for radius in (0, 25))
    for share in (square, rounded):
        assert share[50, 20] == share[10, 60] == 1 and share[50, 60] == 0 and share[50, 5] == 0
    assert square[10, 20] > 0.5 and rounded[10, 20] == 0


def test_a_ring_goes_around_its_center_and_a_disc_fills_it() -> None:
    share = ring(SHAPE, (60, 50), np.array([40.0, 30.0]), 3, random())
    assert share[50, 60] == 0 and 100 < share.sum() / 3 < 240
    assert disc(SHAPE, (60, 50), 10).sum() == pytest.approx(np.pi * 100, rel=0.1)


def test_a_digit_is_written_as_high_as_asked_and_sharper_than_enlarged() -> None:
    share = written(bar(), 80)
    assert share.shape == (80, 16) and share.min() >= 0
    wide = written(bar().T.copy(), 80)
    assert wide.shape[1] == 96, "no wider than 1.2 times the height"
    assert not written(np.zeros((28, 28), np.uint8), 80).any()
    soft = np.zeros((28, 28), np.uint8)
    soft[4:24, 8:16] = np.array([61, 90, 180, 255, 255, 180, 90, 61])
    plain = np.asarray(Image.fromarray(soft[4:24, 8:16]).resize((40, 100), Image.Resampling.BICUBIC)) / 255
    gray = [float(((share > 0.1) & (share < 0.9)).mean()) for share in (written(soft, 100), plain)]
    assert gray[0] < 0.6 * gray[1]


def test_what_is_placed_beyond_the_page_is_cut_off() -> None:
    mark = np.ones((10, 10), np.float32)
    assert placed(mark, SHAPE, 5, 7)[7:17, 5:15].all() and placed(mark, SHAPE, 5, 7).sum() == 100
    assert placed(mark, SHAPE, -4, -3).sum() == 6 * 7
    assert placed(mark, SHAPE, 115, 98).sum() == 5 * 2
    assert placed(mark, SHAPE, 130, 0).sum() == placed(mark, SHAPE, -20, 0).sum() == 0


def test_what_is_put_within_a_box_stays_in_it_or_in_its_middle() -> None:
    mark = np.ones((10, 20), np.float32)
    for seed in range(20):
        rows, columns = np.nonzero(within(mark, SHAPE, (30, 40, 70, 60), random(seed)))
        assert rows.min() >= 40 and rows.max() < 60 and columns.min() >= 30 and columns.max() < 70
    rows, _ = np.nonzero(within(mark, SHAPE, (30, 40, 70, 44), random()))
    assert (rows.min() + rows.max() + 1) / 2 == pytest.approx(42, abs=0.5)


def test_ink_is_darker_than_paper_and_a_shot_is_a_jpeg() -> None:
    for seed in range(20):
        page = paper(SHAPE, random(seed))
        inked = drawn(page, random(seed), line(SHAPE, (20, 50), (90, 50), 9))
        assert page[50, 50].mean() - inked[50, 50].mean() > 60 and (page[0] == inked[0]).all()
        assert shot(inked, random(seed))[:3] == b"\xff\xd8\xff"
