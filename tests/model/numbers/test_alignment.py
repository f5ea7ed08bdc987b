"""A given text is aligned with a page's ink, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from model.classifier import Classifier
from model.errors import NotAligned
from model.numbers.alignment import align
from model.preprocessing.decoding.page import Page
from model.preprocessing.errors import BlankImage
from tests.number_pages import number_page


def test_each_digit_of_the_text_has_its_place(classifier: Classifier) -> None:
    aligned = align(Page(number_page("2504"), "PNG"), classifier, "2504")
    assert [digit.digit for digit in aligned.digits] == [2, 5, 0, 4]
    lefts = [digit.box.x for digit in aligned.digits]
    assert lefts == sorted(lefts) and len(set(lefts)) == 4
    assert 0.5 < aligned.confidence <= 1
    assert all(digit.pixels.shape == (32, 32) and digit.pixels.any() for digit in aligned.digits)


def test_what_the_network_would_misread_is_aligned(classifier: Classifier) -> None:
    page = Page(number_page("2504"), "PNG")
    aligned, other = align(page, classifier, "2504"), align(page, classifier, "2574")
    assert [digit.digit for digit in other.digits] == [2, 5, 7, 4]
    assert [digit.box for digit in other.digits] == [digit.box for digit in aligned.digits]


def test_several_numbers_and_lines_are_aligned_in_reading_order(classifier: Classifier) -> None:
    aligned = align(Page(number_page("12 34", "567"), "PNG"), classifier, "12 34\n567")
    assert [digit.digit for digit in aligned.digits] == [1, 2, 3, 4, 5, 6, 7]
    assert aligned.digits[4].box.y > aligned.digits[0].box.y


@pytest.mark.parametrize("text", ["", "  ", "12a", "-5", "１２", "٤٢", "3.5"])
def test_a_text_that_is_no_number_is_refused(classifier: Classifier, text: str) -> None:
    with pytest.raises(NotAligned, match="digits 0 to 9"):
        align(Page(number_page("25"), "PNG"), classifier, text)


@pytest.mark.parametrize("text", ["2", "250", "250425", "1" * 5000])
def test_a_text_of_another_length_is_refused(classifier: Classifier, text: str) -> None:
    with pytest.raises(NotAligned, match=f"{len(text)} digit"):
        align(Page(number_page("2504"), "PNG"), classifier, text)


def test_a_page_without_ink_is_blank(classifier: Classifier) -> None:
    with pytest.raises(BlankImage):
        align(Page(np.full((100, 200), 240, np.uint8), "PNG"), classifier, "12")
