"""The figures of a version's answers to a folder of labelled pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.evaluation.folder import Answer
from model.evaluation.metrics import confusion, expected_calibration_error


@dataclass(frozen=True)
class DigitMetrics:
    """How a version answers pictures of digits; all shares are 0–1.

    recall: of each digit 0–9, None where there is none; accuracy_when_accepted: None if nothing is accepted;
    calibration_error: over the pictures that are not taken for blank, None if all are; confusion: (10, 10), row = true
    digit, column = predicted digit, without blank ones; refused: reason → number of pictures.
    """

    count: int
    accuracy: float
    accepted: float
    accuracy_when_accepted: float | None
    calibration_error: float | None
    blank: float
    recall: list[float | None]
    confusion: list[list[int]]
    refused: dict[str, int]


@dataclass(frozen=True)
class OtherMetrics:
    """How a version answers pictures without a digit. accepted: share, 0–1; refused: reason → number of pictures."""

    count: int
    accepted: float
    refused: dict[str, int]


def digit_metrics(answers: Sequence[Answer]) -> DigitMetrics | None:
    """Measure the answers to pictures of digits; None if there is none."""
    digits = [answer for answer in answers if answer.picture.label is not None]
    if not digits:
        return None
    read = [answer for answer in digits if answer.verdict is not None]
    labels = np.array([answer.picture.label for answer in read], np.int64)
    predicted = np.array([answer.digit for answer in read], np.int64)
    probabilities = np.array([answer.verdict.probabilities for answer in read if answer.verdict is not None])
    return DigitMetrics(
        count=len(digits),
        accuracy=share([answer.is_right for answer in digits]),
        accepted=share([answer.accepted for answer in digits]),
        accuracy_when_accepted=share_or_none([answer.is_right for answer in digits if answer.accepted]),
        calibration_error=expected_calibration_error(probabilities, labels) if read else None,
        blank=1 - len(read) / len(digits),
        recall=[share_or_none([a.is_right for a in digits if a.picture.label == digit]) for digit in range(10)],
        confusion=confusion(predicted, labels).tolist(),
        refused=reasons(digits),
    )


def other_metrics(answers: Sequence[Answer]) -> OtherMetrics | None:
    """Measure the answers to pictures without a digit; None if there is none."""
    others = [answer for answer in answers if answer.picture.label is None]
    if not others:
        return None
    return OtherMetrics(len(others), share([answer.accepted for answer in others]), reasons(others))


def reasons(answers: Sequence[Answer]) -> dict[str, int]:
    """How often an answer was refused for each reason, the most frequent first."""
    return dict(Counter(answer.reason for answer in answers if answer.reason is not None).most_common())


def share(values: Sequence[bool]) -> float:
    """The share of True, 0–1, of at least one value."""
    return sum(values) / len(values)


def share_or_none(values: Sequence[bool]) -> float | None:
    """The share of True, 0–1, or None of no values."""
    return share(values) if values else None


def failures(answers: Sequence[Answer]) -> list[Answer]:
    """The answers that are not as they should be, the worst first.

    First what is wrong and accepted; then what is wrong and refused, with the pages taken for blank at the end; then
    digits that are read right and refused. Within each, the surest first.
    """
    failed = (answer for answer in answers if answer.is_failure)
    return sorted(failed, key=lambda answer: (answer.is_right, not answer.accepted, -answer.confidence))
