"""Printed lines, frames and underlines are left out, a digit's own straight strokes are not, and rings refuse."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from model.classifier import Classifier
from model.evaluation.robustness.canvas import line
from model.preprocessing.errors import BlankImage
from tests.marks import SHAPE, Share, box, difference, digit, is_read_as, page, reading, ruled, squared
from tests.pictures import NEAR, draw_seven


def is_digit(classifier: Classifier, gray: NDArray[np.uint8], number: int) -> bool:
    """Whether the page is read as this digit and accepted."""
    verdict = classifier.judge([reading(gray)])[0]
    return verdict.accepted and verdict.digit == number


@pytest.mark.parametrize("paper", [ruled, squared], ids=["ruled", "squared"])
@pytest.mark.parametrize("angle", [0, 0.5, 3, 8])
def test_a_digit_on_ruled_or_squared_paper_is_read_as_without_the_lines(
    paper: Callable[[float], Share], angle: float, classifier: Classifier
) -> None:
    for number in (1, 2, 4, 7, 8):
        lined = page(digit(number), 0.6 * paper(angle))
        assert is_read_as(lined, page(digit(number))), number
        assert is_digit(classifier, lined, number), number


@pytest.mark.parametrize("turns", [0, 1])
@pytest.mark.parametrize("y", [50, 58, 63, 70, 100])
def test_a_ruled_line_leaves_nothing_beside_a_level_stroke_that_it_runs_along(y: int, turns: int) -> None:
    plain = np.rot90(np.asarray(draw_seven(300)), turns)  # whose roof is 19 pixels high, and reaches from 75 to 235
    lined = np.asarray(draw_seven(300)).copy()
    lined[y] = np.minimum(lined[y], 100)
    assert is_read_as(np.rot90(lined, turns), plain)


@pytest.mark.parametrize("angle", [0, 3, 40])
def test_a_stroke_that_crosses_a_line_is_not_broken(angle: float) -> None:
    stroke = line(SHAPE, (92, 40), (108, 160), 9)
    crossed = reading(page(stroke, ruled(angle, spacing=24, width=3)))
    rows = crossed.pixels.max(axis=1)
    assert (rows[6:26] > 150).all() and rows[:5].max() == rows[27:].max() == 0


def sides(which: tuple[int, ...], margin: float = 2, width: float = 3, slope: float = 0.02) -> Share:
    """The left, upper, right and lower line of a frame that the page cuts, those that are named."""
    far, long = 199 - margin, 200 * slope
    ends = (
        ((margin, -9), (margin + long, 209)), ((-9, margin), (209, margin + long)),
        ((far, -9), (far - long, 209)), ((-9, far), (209, far - long)),
    )  # fmt: skip
    return np.maximum.reduce([line(SHAPE, *ends[index], width) for index in which])


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_remains_of_a_frame_at_one_side_or_more_are_left_out(count: int) -> None:
    for which in itertools.combinations(range(4), count):
        for number in (1, 3, 7):
            assert is_read_as(page(digit(number), sides(which)), page(digit(number))), (which, number)


@pytest.mark.parametrize("number", [0, 1, 4, 7])
@pytest.mark.parametrize("is_light", [False, True])
def test_a_line_at_the_edge_of_28_by_28_is_left_out_in_both_polarities(number: int, is_light: bool) -> None:
    small = Image.fromarray((digit(number, height=140) * 255).astype(np.uint8)).resize((28, 28), Image.Resampling.BOX)
    plain = np.asarray(small)
    for index, width in itertools.product(range(4), (1, 2, 3)):
        lined = plain.copy()
        lined[(np.s_[:width], np.s_[-width:], np.s_[:, :width], np.s_[:, -width:])[index]] = 200
        polarity = np.uint8(255 if is_light else 0)
        assert is_read_as(lined ^ polarity, plain ^ polarity), (index, width)


COMB = np.maximum.reduce(
    [line(SHAPE, (-9, 180), (209, 180), 2), *(line(SHAPE, (x, 90), (x, 180), 2) for x in (25, 175))]
)
FRAMES = {
    "near": box(30), "at the border": box(6), "wide": box(12, 6), "round corners": box(20, radius=25),
    "double": np.maximum(box(20), box(12)), "comb": COMB,
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMES)
def test_a_box_around_the_digit_is_left_out(name: str) -> None:
    for number in range(10):
        assert is_read_as(page(digit(number), FRAMES[name]), page(digit(number))), number


EMPTY = FRAMES | {
    "ruled": ruled(0), "ruled obliquely": ruled(3), "squared": squared(0), "squared obliquely": squared(3),
    "one side": sides((0,)), "two sides": sides((1, 2)), "four sides": sides((0, 1, 2, 3)),
    "a part of one": line(SHAPE, (3, -5), (3, 120), 4), "another part": line(SHAPE, (40, 196), (205, 195), 4),
}  # fmt: skip


@pytest.mark.parametrize("name", EMPTY)
def test_a_page_whose_only_ink_is_structure_is_blank(name: str) -> None:
    for gray in (page(EMPTY[name]), page(EMPTY[name], paper=40, ink=230)):
        with pytest.raises(BlankImage, match="lines"):
            reading(gray)


@pytest.mark.parametrize("length", [28, 15])
def test_a_page_of_28_by_28_with_an_edge_line_only_is_blank(length: int) -> None:
    for width in (1, 2, 3):
        edge = np.zeros((28, 28), np.uint8)
        edge[:width, :length] = 255
        for gray in (edge, edge.T, 255 - edge):
            with pytest.raises(BlankImage, match="lines"):
                reading(gray)


@pytest.mark.parametrize("pen", [6, 10, 16])
def test_a_one_between_the_lines_of_a_frame_is_kept(pen: float) -> None:
    one = line(SHAPE, (100, 12), (96, 187), pen)
    for which in ((0, 2), (1, 3), (0, 1, 2, 3)):
        assert is_read_as(page(one, sides(which)), page(one)), which


@pytest.mark.parametrize("pen", [6, 14])
@pytest.mark.parametrize("margin", [2, 8])
def test_a_one_that_touches_the_frame_above_and_below_is_kept(pen: float, margin: float) -> None:
    one = line(SHAPE, (100, margin + 2), (96, 197 - margin), pen)
    box_of_one = reading(page(one, sides((1, 3), margin))).box
    assert box_of_one.height > 180 and box_of_one.width < 30


@pytest.mark.parametrize("cut", [0, 1, 3])
def test_a_seven_that_is_cut_out_at_its_edges_keeps_its_roof(cut: int, classifier: Classifier) -> None:
    seven = np.asarray(draw_seven(200))
    left, top, wide, high = reading(seven).box
    part = seven[top + cut : top + high - cut, left + cut : left + wide - cut]
    assert is_digit(classifier, part, 7) and difference(part, seven) < NEAR


FEET = [(1, "base"), (1, "both"), (2, "plain"), (2, "wavy"), (2, "looped"), (2, "curled")]


@pytest.mark.parametrize(("number", "form"), FEET)
def test_the_base_of_a_digit_is_no_underline(number: int, form: str, classifier: Classifier) -> None:
    plain = page(digit(number, form))
    assert reading(plain).box.height == pytest.approx(112, abs=2) and is_digit(classifier, plain, number)


@pytest.mark.parametrize("width", [3, 8, 14, 20, 25])
@pytest.mark.parametrize("bar", [105, 122])
def test_the_bar_of_a_four_is_no_underline_however_thick_the_pen(width: int, bar: int, classifier: Classifier) -> None:
    for left, right in itertools.product((32, 48), (140, 155, 165)):
        bend, stem = (left, bar), ((122, 45), (122, 172))
        strokes = [((95, 35), bend), (bend, (right, bar)), stem]
        assert is_digit(classifier, page(*(line(SHAPE, *ends, width) for ends in strokes)), 4), (left, right)


@pytest.mark.parametrize("number", [1, 2, 7])
@pytest.mark.parametrize("gap", [0, 6, 15])
@pytest.mark.parametrize("count", [1, 2])
def test_an_underline_is_left_out_whether_it_touches_or_not_and_if_it_is_double(
    number: int, gap: int, count: int
) -> None:
    lines = [line(SHAPE, (30, 156 + gap + 10 * i), (170, 158 + gap + 10 * i), 5) for i in range(count)]
    assert is_read_as(page(digit(number), *lines), page(digit(number)))
