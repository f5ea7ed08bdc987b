"""Numbers are read in order with their places; what is no number is not invented."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from model.classifier import Classifier
from model.numbers.reader import WRONG_LENGTH, read_numbers, read_numbers_of_page
from model.numbers.result import NumbersOnPage
from model.preprocessing.decoding.page import Page
from model.preprocessing.errors import BlankImage
from model.preprocessing.pipeline import to_png
from tests.number_pages import PHOTO, PHOTOGRAPHED, number_page
from tests.pictures import encoded


def read(page: NDArray[np.uint8], classifier: Classifier, digits: int | None = None) -> NumbersOnPage:
    """Read a page uint8 (H, W)."""
    return read_numbers_of_page(Page(page, "PNG"), classifier, digits)


@pytest.mark.parametrize("text", ["7", "42", "90125", "1234567890"])
def test_a_number_is_read(classifier: Classifier, text: str) -> None:
    found = read(number_page(text), classifier)
    assert found.text == text
    (number,) = found.numbers
    assert "".join(str(digit.digit) for digit in number.digits) == text
    assert 0 < number.confidence <= min(digit.confidence for digit in number.digits) + 1e-6
    assert all(other.text != text and other.confidence <= number.confidence for other in number.alternatives)


def test_numbers_come_in_reading_order_with_blanks_and_line_breaks(classifier: Classifier) -> None:
    found = read(number_page("12 345", "6789", "20 50"), classifier)
    assert found.text == "12 345\n6789\n20 50"
    assert [number.line for number in found.numbers] == [0, 0, 1, 2, 2]


def test_the_boxes_lie_where_the_digits_do(classifier: Classifier) -> None:
    page = number_page("205", gap=30)
    (number,) = read(page, classifier).numbers
    columns = np.flatnonzero((page < 165).any(axis=0))
    gaps = np.flatnonzero(np.diff(columns) > 1)
    lefts, rights = [columns[0], *columns[gaps + 1]], [*columns[gaps], columns[-1]]
    for digit, left, right in zip(number.digits, lefts, rights, strict=True):
        rows = np.flatnonzero((page[:, left : right + 1] < 165).any(axis=1))
        expected = (left, rows[0], right + 1 - left, rows[-1] + 1 - rows[0])
        assert digit.box == pytest.approx(expected, abs=3)
        assert number.box.x <= digit.box.x <= number.box.x + number.box.width - digit.box.width
    assert [digit.box.x for digit in number.digits] == sorted(digit.box.x for digit in number.digits)


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_boxes_are_those_of_the_picture_as_it_was_sent(classifier: Classifier, orientation: int) -> None:
    page = number_page("47")
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = np.asarray(Image.fromarray(page).transpose(turn))
    data = encoded(stored, "PNG", exif=exif)
    (number,) = read_numbers(data, classifier).numbers
    x, y, width, height = number.box
    assert number.text == "47"
    outside = stored.copy()
    outside[max(0, y - 3) : y + height + 3, max(0, x - 3) : x + width + 3] = 255
    assert (outside < 128).sum() == 0


def test_points_commas_and_dashes_are_no_digits(classifier: Classifier) -> None:
    page = number_page("12345", gap=24)
    cv2.circle(page, (page.shape[1] - 40, 106), 4, 30.0, -1)
    assert read(page, classifier).text == "12345"
    dashed = np.pad(number_page("678"), ((0, 0), (0, 60)), constant_values=245)
    cv2.line(dashed, (dashed.shape[1] - 95, 82), (dashed.shape[1] - 55, 80), 30.0, 5)
    assert read(dashed, classifier).text == "678"


def test_a_known_length_is_kept_or_the_number_is_refused(classifier: Classifier) -> None:
    page = number_page("2504")
    (number,) = read(page, classifier, digits=4).numbers
    assert (number.text, number.accepted, number.reason) == ("2504", True, None)
    (other,) = read(page, classifier, digits=9).numbers
    assert other.reason == WRONG_LENGTH and not other.accepted


def test_a_field_with_one_number_is_not_parted_where_its_length_is_known(classifier: Classifier) -> None:
    assert read(number_page("12 34"), classifier).text == "12 34"
    assert read(number_page("12 34"), classifier, digits=4).text == "1234"
    assert read(number_page("12 34"), classifier, digits=2).text == "12 34"


def test_the_photo_of_the_readme_is_read(classifier: Classifier) -> None:
    found = read_numbers(PHOTO.read_bytes(), classifier)
    assert found.text == PHOTOGRAPHED and found.numbers[0].accepted


def test_a_large_and_a_small_picture_of_a_number_read_alike(classifier: Classifier) -> None:
    page = number_page("8305")
    for factor in (0.4, 3, 8):
        scaled = cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        assert read_numbers(to_png(scaled), classifier).text == "8305"


def test_a_page_without_ink_is_blank(classifier: Classifier) -> None:
    with pytest.raises(BlankImage):
        read(np.full((100, 200), 240, np.uint8), classifier)


@pytest.mark.parametrize("seed", range(4))
def test_scribbles_are_no_accepted_number(classifier: Classifier, seed: int) -> None:
    random = np.random.default_rng(seed)
    page = np.full((200, 600), 245, np.uint8)
    for left in range(30, 520, 110):
        points = random.integers(0, 90, (14, 2)) + np.array([left, 50])
        cv2.polylines(page, [points.astype(np.int32)], False, 30.0, 4, cv2.LINE_AA)
    assert not any(number.accepted for number in read(page, classifier).numbers)


@pytest.mark.parametrize("height", [60, 90, 300, 700])
def test_a_hair_thin_pen_is_read_at_every_size(classifier: Classifier, height: int) -> None:
    page = np.full((height + 60, 5 * height), 255, np.uint8)
    cv2.putText(page, "4729", (20, height + 30), cv2.FONT_HERSHEY_SIMPLEX, height / 22, 0.0, 1)
    (number,) = read_numbers_of_page(Page(page, "PNG"), classifier).numbers
    assert len(number.text) == 4 and number.text.endswith("29")


def test_faint_hairs_are_a_clear_answer(classifier: Classifier) -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        page = np.full((600, 900), 255, np.uint8)
        for _ in range(6):
            start, way = random.integers((50, 50), (850, 300)), random.integers((-60, 50), (60, 280))
            cv2.line(page, start.tolist(), (start + way).tolist(), float(random.integers(0, 230)), 1, cv2.LINE_AA)
        assert all(number.text for number in read_numbers_of_page(Page(page, "PNG"), classifier).numbers)


def test_a_line_that_may_be_anything_has_probabilities_all_the_same(classifier: Classifier) -> None:
    page = np.full((120, 1590), 255, np.uint8)
    x = np.arange(5, 1585)
    wave = np.stack([x, 60 + 40 * np.sin(x / 5)], axis=1).astype(np.int32)
    cv2.polylines(page, [wave], False, 0.0, 3)
    (number,) = read(page, classifier).numbers
    assert not number.accepted and 0 <= number.confidence <= 1
    assert all(number.confidence <= digit.confidence <= 1 for digit in number.digits)


@pytest.mark.parametrize("text", ["48", "2063"])
def test_a_number_that_is_cropped_to_its_ink_is_read(classifier: Classifier, text: str) -> None:
    page = number_page(text)
    rows, columns = (np.flatnonzero((page < 165).any(axis=axis)) for axis in (1, 0))
    (number,) = read(page[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], classifier).numbers
    assert number.text == text and number.accepted
