"""Read the numbers in one picture, as it comes from a request's body."""

from __future__ import annotations

from app.inference.pictures import Picture
from app.inference.predictor import as_array
from model.classifier import Classifier
from model.numbers.reader import read_numbers, read_numbers_of_page
from model.numbers.result import NumbersOnPage
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.decoding.page import Page


def numbers_of(picture: Picture, classifier: Classifier, limits: Limits, digits: int | None) -> NumbersOnPage:
    """The numbers in an image file, or in rows of pixels, which are taken for a page of white ink on black.

    digits: how many each number has, None if unknown. Raises ImageError.
    """
    if isinstance(picture, list):
        return read_numbers_of_page(Page(as_array(picture), "pixels"), classifier, digits)
    return read_numbers(picture, classifier, limits, digits)
