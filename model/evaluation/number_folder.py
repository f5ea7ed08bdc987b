"""Measure how a version reads numbers, on any folder of pictures that are named after what they show.

A picture's text is the beginning of its name up to the first `_`: `25441_07.jpg` shows 25441. A page that is read as
blank, or has too many marks, counts as refused and wrong. A file that is no readable picture says nothing about the
version: it is named, and counts nowhere.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from model.classifier import Classifier
from model.data.folders import image_bytes
from model.data.labelled_folder import OnPicture, find_labelled, reason_of
from model.errors import DataError
from model.evaluation.number_answers import NumberAnswer
from model.numbers.reader import MAX_DIGITS, read_numbers
from model.numbers.result import NumbersOnPage
from model.preprocessing.errors import BlankImage, CrowdedPage, ImageError
from model.preprocessing.pipeline import DEFAULT_LIMITS

HOW_TO_NAME = f"name each picture after its number, which has up to {MAX_DIGITS} digits: 25441_a.png"


@dataclass(frozen=True)
class NumberAnswers:
    """The answers to a folder's pictures.

    seconds: that each took, from bytes to numbers; unreadable: name → what is wrong; unlabelled: names without a text.
    """

    answers: list[NumberAnswer]
    seconds: list[float]
    unreadable: dict[str, str]
    unlabelled: list[str]


def answer_numbers(
    classifier: Classifier, folder: Path, on_picture: OnPicture = lambda done, total: None
) -> NumberAnswers:
    """Read every picture below the folder that is named after a number. Raises DataError if there is none.

    on_picture: called after each picture with the number of pictures done and of all.
    """
    found = find_labelled(folder, text_of, HOW_TO_NAME)
    made = NumberAnswers([], [], found.unlisted, found.unlabelled)
    for done, (path, name, text) in enumerate(found.labelled, start=1):
        try:
            read, seconds = timed(classifier, image_bytes(path, DEFAULT_LIMITS.max_bytes))
        except (ImageError, OSError) as error:
            made.unreadable[name] = reason_of(error)
        else:
            made.answers.append(NumberAnswer(name, path, text, read))
            made.seconds.append(seconds)
        on_picture(done, len(found.labelled))
    if not made.answers:
        name, reason = next(iter(made.unreadable.items()))
        raise DataError(f"{folder}: no picture of a number can be read, as {name}: {reason}")
    return made


def timed(classifier: Classifier, data: bytes) -> tuple[NumbersOnPage | None, float]:
    """What is read, None of a blank page, no number of a crowded one; and the seconds that it took.

    Raises any other ImageError.
    """
    start = time.perf_counter()
    try:
        read = read_numbers(data, classifier)
    except BlankImage:
        read = None
    except CrowdedPage:
        read = NumbersOnPage([])
    return read, time.perf_counter() - start


def text_of(path: Path) -> str | None:
    """The number that a picture shows by its name, None if it doesn't say so."""
    text, mark, _ = path.name.partition("_")
    return text if mark and text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None
