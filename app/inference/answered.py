"""What is told of each answered picture to whoever looks on: the keeping of pictures, and versions in the shadow."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from app.inference.pictures import Picture
from model.classifier import Verdict
from model.numbers.result import NumbersOnPage
from model.preprocessing.pipeline import Reading


class Answered(NamedTuple):
    """One picture and the service's answer.

    request_id: as the answer has it; item: the picture's place in a batch, from 0, None for a request with one picture;
    path: of the route without "/batch"; picture: as it was sent; text: the digit, or the numbers as `/read` joins them;
    confidence: of the number that is least sure, 0 when there is none; accepted: whether all of them are, and there is
    one; reason: of the first that is not; reading: what the network saw of a digit, None for a page; digits: of each
    number, as the request of a page said.
    """

    request_id: str
    item: int | None
    path: str
    picture: Picture
    text: str
    confidence: float
    accepted: bool
    reason: str | None
    version: int
    reading: Reading | None = None
    digits: int | None = None


Observe = Callable[[Answered], None]


def answered_digit(
    request_id: str, item: int | None, picture: Picture, reading: Reading, verdict: Verdict, version: int
) -> Answered:
    """What was answered on `/predict`."""
    digit, confidence, accepted, reason, _ = verdict
    return Answered(request_id, item, "/predict", picture, str(digit), confidence, accepted, reason, version, reading)


def answered_page(
    request_id: str, item: int | None, picture: Picture, page: NumbersOnPage, version: int, digits: int | None
) -> Answered:
    """What was answered on `/read`."""
    text, confidence, accepted, reason = summary_of(page)
    return Answered(request_id, item, "/read", picture, text, confidence, accepted, reason, version, digits=digits)


def summary_of(page: NumbersOnPage) -> tuple[str, float, bool, str | None]:
    """Text, confidence, acceptance and reason of a whole page, as in `Answered`."""
    refused = [number for number in page.numbers if not number.accepted]
    confidence = min((number.confidence for number in page.numbers), default=0.0)
    return page.text, confidence, bool(page.numbers) and not refused, refused[0].reason if refused else None
