"""Measure a version on any folder of labelled pictures (model/data/labelled_folder.py); `none` must be refused.

A picture that is read as blank counts as refused and, if it shows a digit, as wrong. A file that is no readable picture
says nothing about the version: it is named, and counts nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from model.classifier import Classifier, Verdict
from model.data.folders import image_bytes
from model.data.labelled_folder import OnPicture, Picture, find_pictures, reason_of
from model.errors import DataError
from model.preprocessing.errors import BlankImage, ImageError
from model.preprocessing.pipeline import DEFAULT_LIMITS, Reading, read_digit

BLANK = "blank-image"


@dataclass(frozen=True)
class Answer:
    """What a version answered to a picture. reading, verdict: None if the page was taken for blank."""

    picture: Picture
    reading: Reading | None
    verdict: Verdict | None

    @property
    def digit(self) -> int | None:
        """The digit that was read, None if the page was taken for blank."""
        return None if self.verdict is None else self.verdict.digit

    @property
    def accepted(self) -> bool:
        """Whether the answer was accepted."""
        return self.verdict is not None and self.verdict.accepted

    @property
    def confidence(self) -> float:
        """The confidence in the digit, 0–1; 0 if the page was taken for blank."""
        return 0.0 if self.verdict is None else self.verdict.confidence

    @property
    def reason(self) -> str | None:
        """Why the answer was not accepted, None if it was."""
        return BLANK if self.verdict is None else self.verdict.reason

    @property
    def is_right(self) -> bool:
        """Whether the digit was read; False for a picture without one."""
        return self.picture.label is not None and self.digit == self.picture.label

    @property
    def is_failure(self) -> bool:
        """Whether the answer is not as it should be: a digit wrong or refused, or something else accepted."""
        return self.accepted if self.picture.label is None else not (self.is_right and self.accepted)


@dataclass(frozen=True)
class Answers:
    """The answers to a folder's pictures. unreadable: name → what is wrong; unlabelled: names that have no label."""

    answers: list[Answer]
    unreadable: dict[str, str]
    unlabelled: list[str]


def answer_folder(classifier: Classifier, folder: Path, on_picture: OnPicture = lambda done, total: None) -> Answers:
    """Read and judge every labelled picture below the folder. Raises DataError if there is none.

    on_picture: called after each picture with the number of pictures done and of all.
    """
    pictures, unreadable, unlabelled = find_pictures(folder)
    answers = []
    for done, picture in enumerate(pictures, start=1):
        try:
            answers.append(answer(classifier, picture))
        except (ImageError, OSError) as error:
            unreadable[picture.name] = reason_of(error)
        on_picture(done, len(pictures))
    if not answers:
        name, reason = next(iter(unreadable.items()))
        raise DataError(f"{folder}: no labelled picture can be read, as {name}: {reason}")
    return Answers(answers, unreadable, unlabelled)


def answer(classifier: Classifier, picture: Picture) -> Answer:
    """Read and judge one picture as the service does. Raises OSError, or ImageError unless the page is blank."""
    try:
        reading = read_digit(image_bytes(picture.path, DEFAULT_LIMITS.max_bytes))
    except BlankImage:
        return Answer(picture, None, None)
    (verdict,) = classifier.judge([reading])
    return Answer(picture, reading, verdict)
