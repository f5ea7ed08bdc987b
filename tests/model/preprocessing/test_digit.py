"""The digit among the components of the ink: what belongs to it is kept, what lies beside it is not."""

from __future__ import annotations

import numpy as np
import pytest

from model.classifier import NOT_A_DIGIT, OTHER_INK, SEVERAL_DIGITS, Classifier
from model.evaluation.robustness.canvas import disc, line
from model.preprocessing.errors import BlankImage
from tests.marks import SHAPE, digit, is_read_as, page, reading
from tests.number_pages import number_page

PLAIN = page(digit(7))


def dot(x: float, y: float, radius: float) -> np.ndarray:
    """A dot on the page."""
    return disc(SHAPE, (x, y), radius)


@pytest.mark.parametrize("radius", [3, 5])
def test_a_full_stop_is_left_out(radius: float) -> None:
    for place in ((150, 150), (125, 150)):
        assert is_read_as(page(digit(7), dot(*place, radius)), PLAIN), place


@pytest.mark.parametrize("length", [10, 18, 24])
def test_a_comma_is_left_out(length: float) -> None:
    comma = np.maximum(dot(145, 150, 5), line(SHAPE, (145, 150), (139, 150 + length), 5))
    assert is_read_as(page(digit(7), comma), PLAIN)


def test_dust_is_left_out() -> None:
    random = np.random.default_rng(0)
    dust = [dot(*random.uniform(0, 200, 2), random.uniform(0.5, 2.5)) for _ in range(60)]
    assert is_read_as(page(digit(7), *dust), PLAIN)


@pytest.mark.parametrize("place", [(205, 100), (-5, 100), (100, -42), (100, 242)])
def test_a_neighbour_that_peeks_in_is_left_out(place: tuple[float, float]) -> None:
    neighbour = page(digit(3, middle=place))
    assert (neighbour < 100).any()
    assert is_read_as(page(digit(7), digit(3, middle=place)), PLAIN)


def test_the_detached_roof_of_a_five_is_kept(classifier: Classifier) -> None:
    five = digit(5)
    for gap in (4, 8):
        roof, body = five.copy(), np.roll(five, gap, axis=0)
        roof[60:], body[: 60 + gap] = 0, 0
        detached = reading(page(roof, body))
        assert detached.box.height == pytest.approx(112 + gap, abs=2)
        assert classifier.judge([detached])[0].digit == 5


def test_a_second_digit_is_kept_so_that_the_network_refuses(classifier: Classifier) -> None:
    for first, second in ((1, 7), (3, 8), (2, 5)):
        two = reading(page(digit(first, height=90, middle=(60, 100)), digit(second, height=90, middle=(140, 100))))
        assert two.box.width > 100
        assert not classifier.judge([two])[0].accepted


@pytest.mark.parametrize(
    ("number", "gap"),
    [(number, gap) for number in ("17", "38", "25", "604", "1111") for gap in (40, 12)]
    + [("38", 0), ("25", 0), ("604", 0)],
)
def test_what_the_network_refuses_is_several_digits_where_they_stand_side_by_side(
    number: str, gap: int, classifier: Classifier
) -> None:
    (verdict,) = classifier.judge([reading(number_page(number, gap=gap))])
    assert (verdict.accepted, verdict.reason) == (False, SEVERAL_DIGITS)


def test_a_digit_beside_which_another_was_left_out_is_not_accepted(classifier: Classifier) -> None:
    far_one = digit(1, height=80, width=0.11, middle=(160, 100))
    two = reading(page(digit(0, middle=(60, 100), width=0.16), far_one))
    assert two.box.width < 100 and two.is_cluttered
    assert classifier.judge([two])[0].reason == SEVERAL_DIGITS
    low = reading(page(digit(0, middle=(60, 100), width=0.16), digit(1, height=50, width=0.11, middle=(160, 100))))
    assert not low.is_cluttered and classifier.judge([low])[0].accepted


def test_what_one_digit_consists_of_is_not_several() -> None:
    five = digit(5)
    roof, body = five.copy(), np.roll(five, 8, axis=0)
    roof[60:], body[:68] = 0, 0
    four = digit(4)
    four[:, 98:102] = 0
    pages = [page(roof, body), page(digit(0, "slashed")), page(digit(7), dot(150, 150, 5))]
    pages += [page(digit(7), digit(3, middle=place)) for place in ((-5, 100), (205, 100), (100, -42))]
    pages += [page(line(SHAPE, (40, 100), (160, 100), 8)), page(line(SHAPE, (100, 40), (100, 160), 8))]
    assert [reading(gray).shows_several for gray in pages] == [False] * len(pages)


def test_what_lies_below_a_digit_is_not_beside_it() -> None:
    above, below = digit(3, height=70, middle=(100, 55)), digit(8, height=70, middle=(100, 145))
    assert not reading(page(above, below)).shows_several


def test_what_is_no_part_counts_as_stray_ink() -> None:
    marks = [dot(30, y, 8) for y in (40, 80, 120, 160)]
    share = sum((mark > 0.35).sum() for mark in marks) / (np.maximum.reduce([digit(7), *marks]) > 0.35).sum()
    assert reading(page(digit(7), *marks)).stray == pytest.approx(share, abs=0.01) and share > 0.25


def test_ink_at_the_border_gives_way_to_ink_that_is_not() -> None:
    at_border = line(SHAPE, (150, 0), (190, 70), 16)
    assert is_read_as(page(digit(1), at_border), page(digit(1)))
    assert (at_border > 0.5).sum() > (digit(1) > 0.5).sum() / 2


@pytest.mark.parametrize("tooth", [60, 110])
def test_a_comb_field_without_a_digit_is_blank(tooth: float) -> None:
    comb = [line(SHAPE, (0, 160), (200, 160), 3), *(line(SHAPE, (x, 160 - tooth), (x, 160), 3) for x in (50, 150))]
    with pytest.raises(BlankImage):
        reading(page(*comb))
    assert is_read_as(page(digit(7, height=80, middle=(100, 100)), *comb), page(digit(7, height=80)))


@pytest.mark.parametrize(("middle", "is_cut"), [((100, 100), False), ((6, 100), True), ((100, 196), True)])
def test_a_digit_that_the_border_cuts_is_other_ink(
    middle: tuple[float, float], is_cut: bool, classifier: Classifier
) -> None:
    eight = reading(page(digit(8, height=90, middle=middle)))
    assert eight.is_cluttered is is_cut
    assert not is_cut or classifier.judge([eight])[0].reason in (OTHER_INK, NOT_A_DIGIT)


def test_a_digit_that_fills_its_page_is_not_cut_by_the_border() -> None:
    assert not reading(page(digit(8, height=204))[:, 40:160]).is_cluttered
