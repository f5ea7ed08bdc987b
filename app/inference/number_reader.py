"""Read the numbers in one picture, as it comes from a request's body, or align a given text with it."""

from __future__ import annotations

from time import perf_counter

from app.inference.pictures import Picture
from app.inference.predictor import as_array
from app.observability.recorder import Recorder
from model.classifier import Classifier
from model.numbers.alignment import Alignment, align
from model.numbers.reader import decode_page, read_numbers_of_page
from model.numbers.result import NumbersOnPage
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.decoding.page import Page


def numbers_of(
    picture: Picture, classifier: Classifier, limits: Limits, digits: int | None, recorder: Recorder
) -> NumbersOnPage:
    """The numbers in an image file, or in rows of pixels, which are taken for a page of white ink on black.

    digits: how many each number has, None if unknown; recorder: counts the time. Raises ImageError.
    """
    began = perf_counter()
    page = page_of(picture, limits)
    decoded = perf_counter()
    numbers = read_numbers_of_page(page, classifier, digits)
    recorder.page(decoded - began, perf_counter() - decoded)
    return numbers


def alignment_of(picture: Picture, classifier: Classifier, limits: Limits, text: str) -> Alignment:
    """Where the digits of a text lie in an image file, or in rows of pixels. Raises NotAligned, ImageError."""
    return align(page_of(picture, limits), classifier, text)


def page_of(picture: Picture, limits: Limits) -> Page:
    """An image file, decoded, or S rows of S pixels as they are. Raises ImageError."""
    return Page(as_array(picture), "pixels") if isinstance(picture, list) else decode_page(picture, limits)
