"""Teach with a number: its text is aligned with the picture, and each digit becomes a sample of its own.

Such a sample is what the network saw of the digit, 32×32, stored as samples that are sent as pixels are.
"""

from __future__ import annotations

from sqlalchemy import Connection

from app.http.errors import Problem
from app.inference.number_reader import alignment_of
from app.inference.pictures import Picture
from app.inference.predictor import problem_of
from app.samples import samples
from model.classifier import Classifier
from model.errors import NotAligned
from model.numbers.alignment import Alignment
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.pipeline import Reading, to_png


class TextNotAligned(Problem):
    status, slug, title = 422, "text-not-aligned", "The text does not fit the ink of the picture"
    remedy = (
        "Compare `text` with the picture: it must have every digit there, in reading order. "
        "POST /read shows how the service divides the ink; a picture of one number is divided most surely."
    )


def aligned(picture: Picture, classifier: Classifier, limits: Limits, text: str) -> Alignment:
    """Where the digits of the text lie in the picture. Raises TextNotAligned, or another Problem for the picture."""
    try:
        found = alignment_of(picture, classifier, limits, text)
    except NotAligned as error:
        raise TextNotAligned(str(error)) from None
    except Exception as error:
        raise problem_of(error) from None
    labels: dict[bytes, int] = {}
    for digit in found.digits:
        label = labels.setdefault(digit.pixels.tobytes(), digit.digit)
        if label != digit.digit:
            raise TextNotAligned(f"The text calls the same ink {label} and {digit.digit}.")
    return found


def add_digits(connection: Connection, actor: str, alignment: Alignment, classifier: Classifier) -> list[samples.Added]:
    """Store each digit of the alignment as `samples.add` does. Two that look the same are one sample."""
    return [
        samples.add(connection, actor, to_png(pixels), Reading(pixels, "pixels", box=box), digit, classifier)
        for digit, box, pixels in alignment.digits
    ]
