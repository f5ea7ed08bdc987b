"""Handwriting by rule: every form is written, in as many hands as the style allows, and a seed fixes each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from model.data.handwriting.digits import FORMS
from model.data.handwriting.letters import LETTERS
from model.data.handwriting.pen import Style, averaged, basis, extended, resampled, write
from model.data.handwriting.signs import SIGNS
from model.data.handwriting.strokes import Form, bent, between, fixed, ring, smooth

EVERY = [
    *(form for forms in FORMS.values() for form in forms.values()),
    *(form for forms in LETTERS.values() for form in forms),
    *SIGNS.values(),
]
STEADY = Style(
    slant=(0, 0), aspect=(1, 1), rotation=(0, 0), jitter=(0, 0), bend=(0, 0), tremor=(0, 0), haste=(0, 0),
    width=(0.1, 0.1), pressure=(0, 0), overshoot=(0, 0), gaps=0,
)  # fmt: skip
UPRIGHT = fixed(smooth((0.5, 0), (0.5, 1)))
LEVEL = fixed(smooth((0, 0.5), (1, 0.5)))


def page(form: Form, style: Style = STEADY, seed: int = 0, side: int = 64) -> NDArray[np.uint8]:
    return write(form, np.random.default_rng(seed), style, side)


def pieces(ink: NDArray[np.uint8]) -> int:
    """Into how many parts the middle column of the page is divided by white."""
    column = np.concatenate([[0], ink[:, ink.shape[1] // 2] > 127, [0]]).astype(int)
    return int((np.diff(column) == 1).sum())


@pytest.mark.parametrize("form", EVERY)
def test_every_form_is_written_white_on_black_within_the_page(form: Form) -> None:
    for seed in range(5):
        ink = page(form, Style(), seed)
        assert ink.dtype == np.uint8 and ink.shape == (64, 64)
        assert ink.max() == 255 and 0.005 < (ink > 127).mean() < 0.5
        assert not ink[[0, -1]].any() and not ink[:, [0, -1]].any()


def test_a_seed_fixes_the_ink_and_another_gives_another() -> None:
    form = FORMS[5]["plain"]
    assert (page(form, Style(), 1) == page(form, Style(), 1)).all()
    assert (page(form, Style(), 1) != page(form, Style(), 2)).any()


def test_the_ten_digits_have_the_forms_of_the_world() -> None:
    assert set(FORMS) == set(range(10))
    assert {"slashed", "dotted"} <= set(FORMS[0]) and {"upstroke", "both"} <= set(FORMS[1]) and "barred" in FORMS[7]


def test_letters_that_some_hand_writes_like_a_digit_are_left_out() -> None:
    assert not set("BDGIJOQSZbgijloqsz") & set(LETTERS)


def test_edges_are_soft_and_the_width_is_the_styles() -> None:
    thin, thick = (page(UPRIGHT, replace(STEADY, width=(width, width))) for width in (0.05, 0.15))
    assert ((thin > 0) & (thin < 255)).any()
    assert 2.2 < thick.sum() / thin.sum() < 3.2


@pytest.mark.parametrize(("slant", "leans"), [(0.4, 1), (-0.4, -1)])
def test_a_slant_leans_to_the_right_and_a_negative_one_to_the_left(slant: float, leans: int) -> None:
    columns = [
        np.flatnonzero(row > 127).mean() for row in page(UPRIGHT, replace(STEADY, slant=(slant, slant)))[[20, 44]]
    ]
    assert np.sign(columns[0] - columns[1]) == leans


def test_aspect_is_width_over_height() -> None:
    ink = page(fixed(ring(0.5, 0.5, 0.5, 0.5)), replace(STEADY, aspect=(0.5, 0.5), width=(0.02, 0.02))) > 127
    assert np.count_nonzero(ink.any(axis=0)) / np.count_nonzero(ink.any(axis=1)) == pytest.approx(0.5, abs=0.05)


def test_the_pen_leaves_a_gap_where_the_style_says_so() -> None:
    assert [pieces(page(UPRIGHT, replace(STEADY, gaps=share))) for share in (0, 1)] == [1, 2]


def test_a_curve_goes_through_its_points_and_turns_sharply_where_one_comes_twice() -> None:
    points = np.array([(0, 0), (0.5, 0.3), (1, 0)], float)
    assert np.abs(basis(3) @ points - points[1]).sum(axis=1).min() < 1e-12
    assert (basis(3).sum(axis=1) == pytest.approx(1)) and len(basis(2)) == 13
    assert bent((0, 0), (1, 0), (1, 1)) == [(0, 0), (1, 0), (1, 0), (1, 1)]
    corner = page(fixed(bent((0, 0), (1, 0), (1, 1)))) > 127
    curve = page(fixed(smooth((0, 0), (1, 0), (1, 1)))) > 127
    assert corner[6, -12] and not curve[6, -8]


def test_points_of_a_line_are_as_far_apart_as_a_tremor_needs() -> None:
    line = resampled(np.array([(0, 0), (0.3, 0), (0.3, 0.3)]))
    assert len(line) == 21 and np.hypot(*np.diff(line, axis=0).T).max() < 0.031


def test_haste_rounds_corners_and_leaves_the_ends() -> None:
    line = resampled(np.array([(0, 0), (0.3, 0), (0.3, 0.3)]))
    round_ = averaged(line, 3)
    assert round_[0] == pytest.approx(line[0]) and round_[-1] == pytest.approx(line[-1])
    assert np.hypot(*(round_[10] - line[10])) > 0.02
    assert averaged(line, 0.4) is line


def test_a_stroke_overshoots_or_stops_short() -> None:
    line = resampled(np.array([(0, 0), (0.3, 0)]))
    assert extended(line, 0.1)[-1] == pytest.approx((0.4, 0))
    assert extended(line, -0.09)[-1] == pytest.approx((0.21, 0))
    assert len(extended(line, -9)) == 5


def test_a_ring_is_drawn_anticlockwise_from_the_top() -> None:
    first, second, *_ = ring(0.5, 0.5, 0.4, 0.5)
    assert first == pytest.approx((0.5, 0)) and second[0] < 0.5
    assert ring(0.5, 0.5, 0.4, 0.5, turn=-360)[1][0] > 0.5
    assert between((0, 0), (1, 2), 0.25) == (0.25, 0.5)


def test_a_level_stroke_stays_level() -> None:
    ink = page(LEVEL) > 127
    assert np.count_nonzero(ink.any(axis=0)) > 8 * np.count_nonzero(ink.any(axis=1))
