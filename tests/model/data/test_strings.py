"""Digits of a line are as far apart as its spacing says, and the line knows which ink is whose."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from model.data.strings import GAPS, MOST_OVERLAP, SOLID, Line, Spacing, compose, edges, gaps, leaning, linked, places
from tests.pictures import draw_seven


def random(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def bar(width: int = 4, height: int = 20) -> np.ndarray:
    """Ink uint8 (32, 32): an upright bar."""
    ink = np.zeros((32, 32), np.uint8)
    ink[6 : 6 + height, 10 : 10 + width] = 255
    return ink


def shapes() -> list[np.ndarray]:
    """Ink uint8 (32, 32), each in one piece: bars, sevens in all directions, a ring, an oblique stroke."""
    seven = np.pad(255 - np.asarray(draw_seven(28)), 2)
    ring, oblique = np.zeros((32, 32), np.uint8), np.zeros((32, 32), np.uint8)
    cv2.circle(ring, (16, 16), 9, 255, 3)
    cv2.line(oblique, (24, 6), (10, 26), 255, 3)
    return [bar(), bar(12), seven, seven[::-1], seven[:, ::-1], seven[::-1, ::-1], ring, oblique]


def lines(spacing: Spacing, slant: float = 0.0) -> list[Line]:
    """Lines of two to seven shapes, 20 to 60 pixels high."""
    made = []
    for seed in range(25):
        which = random(seed).integers(8, size=2 + seed % 6)
        made.append(compose([shapes()[index] for index in which], random(seed), spacing, 20 + 40 * seed / 24, slant))
    return made


def parts(ink: np.ndarray) -> int:
    """The number of pieces of solid ink."""
    return int(cv2.connectedComponents((ink > SOLID).astype(np.uint8))[0]) - 1


def columns_between(line: Line) -> list[int]:
    """From each digit to the next, the least distance in a row; 0 where they are side by side."""
    distances = []
    for index in range(len(line.boxes) - 1):
        (_, before), (after, _) = (edges(((line.owner == each) * 255).astype(np.uint8)) for each in (index, index + 1))
        distances.append(int((after - before).min()))
    return distances


@pytest.mark.parametrize("slant", [0.0, 0.3, -0.3])
@pytest.mark.parametrize("spacing", [Spacing.NATURAL, Spacing.CLOSE, Spacing.TOUCHING])
def test_digits_touch_if_and_only_if_they_are_to(spacing: Spacing, slant: float) -> None:
    for line in lines(spacing, slant):
        assert parts(line.ink) == (1 if spacing == Spacing.TOUCHING else len(line.boxes))


def test_natural_gaps_are_shares_of_the_height_and_close_ones_pixels() -> None:
    widest = {spacing: 0.0 for spacing in GAPS}
    for spacing, (low, high) in GAPS.items():
        for seed, line in enumerate(lines(spacing)):
            height = 20 + 40 * seed / 24
            assert all(distance >= max(1, round(low * height)) for distance in columns_between(line))
            made = gaps([12] * 200, random(seed), spacing, height)
            assert made.min() >= max(1, low * height) and made.max() <= max(1, high * height)
            widest[spacing] = max(widest[spacing], float(np.ptp(made)) / height)
    assert widest[Spacing.NATURAL] < 0.6 * np.ptp(GAPS[Spacing.NATURAL]), "one hand is steady"


def test_touching_digits_overlap_by_a_tenth_of_the_narrower_at_most() -> None:
    made = gaps([10, 80, 60] * 100, random(), Spacing.TOUCHING, 50)
    narrower = np.minimum([10, 80, 60] * 100, [80, 60, 10] * 100)[:-1]
    assert made.max() == -1 and (made >= -np.maximum(MOST_OVERLAP * narrower, 1)).all() and made.min() < -5


@pytest.mark.parametrize("slant", [0.0, 0.3, -0.3])
def test_boxes_of_tight_digits_overlap_by_a_tenth_of_the_narrower_at_most(slant: float) -> None:
    overlaps = []
    for line in lines(Spacing.TIGHT, slant):
        for one, other in zip(line.boxes, line.boxes[1:], strict=False):
            overlaps.append((one.x + one.width - other.x) / min(one.width, other.width))
            assert -1 <= one.x + one.width - other.x <= MOST_OVERLAP * min(one.width, other.width) + 1
    assert min(overlaps) < 0.03 and max(overlaps) > 0.07


def test_two_bars_that_touch_overlap_by_a_tenth_of_their_width_at_most() -> None:
    overlaps = []
    for seed in range(40):
        first, second = compose([bar(12), bar(8)], random(seed), Spacing.TOUCHING, 100).boxes
        overlaps.append((first.x + first.width - second.x) / second.width)
    assert min(overlaps) > 0 and 0.07 < max(overlaps) < 0.12


def test_a_digit_moves_until_its_ink_meets_the_ink_before_it_in_some_row() -> None:
    corner = np.zeros((10, 6), np.uint8)
    corner[:3], corner[:, 0] = 255, 255  # its arm reaches to the right, its stem is at the left
    stump = np.full((4, 5), 255, np.uint8)
    assert places([corner, stump], [0, 6], np.array([-1.0]), 0) == [0, 0], "below the arm, it slides in to the stem"
    assert places([corner, stump], [0, 6], np.array([2.0]), 0) == [0, 3]
    assert places([corner, stump], [0, 6], np.array([2.0]), 4) == [0, 8], "the arm is near"
    assert places([stump, stump], [0, 6], np.array([2.0]), 0) == [0, 7], "no ink in the same row: beside its box"


def test_the_ink_of_each_digit_is_known() -> None:
    for spacing in Spacing:
        for line in lines(spacing):
            assert line.ink.shape == line.owner.shape and line.ink.dtype == np.uint8 and line.owner.dtype == np.int8
            assert ((line.owner >= 0) == (line.ink > SOLID)).all()
            for index, box in enumerate(line.boxes):
                rows, columns = np.nonzero(line.owner == index)
                assert rows.min() >= box.y and rows.max() < box.y + box.height
                assert columns.min() >= box.x and columns.max() < box.x + box.width
            assert min(box.x for box in line.boxes) == 0 and min(box.y for box in line.boxes) == 0


def test_without_overlap_a_box_is_that_of_the_digit_s_ink() -> None:
    for line in lines(Spacing.NATURAL):
        for index, box in enumerate(line.boxes):
            rows, columns = np.nonzero(line.owner == index)
            assert (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1) == box


def test_digits_are_about_equally_high_and_stand_near_one_base_line() -> None:
    for seed in range(20):
        line = compose([bar(), bar(12), bar(4, 15)], random(seed), height=50)
        assert all(0.9 * 50 <= box.height <= 1.1 * 50 for box in line.boxes)
        bottoms = [box.y + box.height for box in line.boxes]
        assert max(bottoms) - min(bottoms) <= 0.1 * 50
    assert line.boxes[1].width > 2 * line.boxes[0].width, "a 1 stays narrow"


def test_a_slanted_digit_leans_to_the_right_by_a_share_of_its_height() -> None:
    share = np.ones((40, 6), np.float32)
    right, left = leaning(share, 0.5), leaning(share, -0.5)
    assert right.shape[1] == left.shape[1] == pytest.approx(26, abs=1)
    assert right[0, -3] == 255 and right[0, 0] == 0 and (right == left[:, ::-1]).mean() > 0.9
    assert (leaning(share, 0.0) == 255).all() and leaning(share, 0.0).shape == (40, 6)


def test_a_generator_fixes_the_line() -> None:
    first, again, other = (compose(shapes(), random(seed)).ink for seed in (3, 3, 4))
    assert (first == again).all() and (first.shape != other.shape or (first != other).any())


def test_a_link_joins_two_digits_and_belongs_to_neither() -> None:
    for seed, line in enumerate(lines(Spacing.NATURAL)):
        joined = linked(line, random(seed), 1.0)
        assert parts(joined.ink) == 1 < parts(line.ink)
        assert (joined.ink >= line.ink).all() and joined.owner is line.owner
        assert (linked(line, random(seed), 0.0).ink == line.ink).all()
        assert parts(line.ink) == len(line.boxes), "the line itself stays as it was"


def test_about_the_share_of_digits_is_linked() -> None:
    line = compose([bar(12)] * 100, random(), Spacing.NATURAL, 30)
    assert 50 < parts(linked(line, random(), 0.3).ink) < 90


def test_one_digit_is_a_line_and_a_blank_one_takes_no_harm() -> None:
    assert len(compose([bar()], random()).boxes) == 1
    blank = np.zeros((32, 32), np.uint8)
    for images in ([blank, bar()], [bar(), blank, bar()]):
        assert set(np.unique(compose(images, random()).owner)) == {
            -1,
            *(i for i, each in enumerate(images) if each.any()),
        }
