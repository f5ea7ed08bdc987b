"""The sheet that bears the digit is found on a desk, beside dark sides, on white; a shadow or a thick digit is none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from model.classifier import Classifier
from model.preprocessing.sheet import find_sheet
from tests.marks import SHAPE, digit, is_read_as, page, reading

PLAIN = page(digit(7))


def on_a_desk(number: int, angle: float, desk: float = 60) -> NDArray[np.uint8]:
    """A sheet, turned by an angle, on a desk with a grain."""
    shape = (300, 320)
    turn = cv2.getRotationMatrix2D((100, 100), angle, 1)
    turn[:, 2] += 60, 50
    sheet, ink = (cv2.warpAffine(share, turn, shape[::-1]) for share in (np.ones(SHAPE, np.float32), digit(number)))
    grain = np.random.default_rng(0).normal(desk, 6, shape)
    return ((grain * (1 - sheet) + 235 * sheet) * (1 - ink) + 40 * ink).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("angle", [0, 3, 8, 15])
def test_a_digit_on_a_sheet_on_a_desk_is_read_however_the_sheet_lies(angle: float, classifier: Classifier) -> None:
    for number in (0, 1, 7, 8):
        found = reading(on_a_desk(number, angle))
        verdict = classifier.judge([found])[0]
        assert (verdict.digit, verdict.accepted) == (number, True)
        assert 85 < found.box.y < 100 and 100 < found.box.height < 125 and 110 < found.box.x < 160


def test_a_sheet_is_cut_out_a_little_inside_its_edges_and_what_lies_beside_it_has_its_color() -> None:
    level = find_sheet(on_a_desk(7, 0))
    assert level is not None
    assert 53 <= level.top <= 57 and 63 <= level.left <= 67  # a fortieth of 200, and a soft edge
    assert level.gray.shape == pytest.approx((190, 190), abs=4)
    turned = find_sheet(on_a_desk(7, 15))
    assert turned is not None and turned.gray.min() == 40 and (turned.gray == 235).mean() > 0.9


@pytest.mark.parametrize("bright", range(4))
def test_a_sheet_with_three_dark_sides_is_read_as_without_them(bright: int) -> None:
    dark = PLAIN.copy()
    for index, side in enumerate((np.s_[:, :24], np.s_[:24], np.s_[:, -24:], np.s_[-24:])):
        if index != bright:
            dark[side] = 30
    assert is_read_as(dark, PLAIN)


def test_chalk_on_a_dark_panel_on_white_is_read() -> None:
    white = np.full((300, 320), 250, np.uint8)
    white[50:250, 60:260] = page(digit(7), paper=40, ink=230)
    assert is_read_as(white, PLAIN)


@pytest.mark.parametrize("softness", [0, 3, 10, 20])  # pixels
def test_a_page_is_not_cut_at_a_shadow_s_edge(softness: float) -> None:
    shadow = np.zeros(SHAPE, np.float32)
    shadow[:, :90] = 1
    if softness:
        shadow = cv2.GaussianBlur(shadow, (0, 0), softness)
    for depth in (0.2, 0.3, 0.5):
        shaded = (PLAIN * (1 - depth * shadow)).astype(np.uint8)
        assert find_sheet(shaded) is None, depth
        assert is_read_as(shaded, PLAIN), depth


@pytest.mark.parametrize("number", [0, 8])
@pytest.mark.parametrize("width", [0.1, 0.2, 0.3, 0.4])
def test_a_thick_digit_is_no_sheet(number: int, width: float) -> None:
    for height in (110, 150, 180):
        assert find_sheet(page(digit(number, height=height, width=width))) is None, height


@pytest.mark.parametrize("width", [30, 40, 60])
def test_a_thick_one_is_no_sheet(width: int) -> None:
    thick = np.full(SHAPE, 245, np.uint8)
    thick[30:170, 100 - width // 2 : 100 + width // 2] = 30
    assert find_sheet(thick) is None
    assert reading(thick).box == (100 - width // 2, 30, width, 140)


def test_an_empty_sheet_is_none_since_what_bears_no_ink_may_be_ink_itself() -> None:
    desk = np.full((300, 320), 60, np.uint8)
    desk[50:250, 60:260] = 235
    assert find_sheet(desk) is None
    desk[100:200, 150:160] = 40
    assert find_sheet(desk) is not None


@pytest.mark.parametrize(("side", "is_found"), [(63, False), (64, True)])
def test_sheets_are_looked_for_on_pages_of_64_pixels_and_more(side: int, is_found: bool) -> None:
    small = np.full((side, 90), 60, np.uint8)
    small[10:-10, 10:80] = 235
    small[20:44, 40:45] = 40
    assert (find_sheet(small) is not None) is is_found
