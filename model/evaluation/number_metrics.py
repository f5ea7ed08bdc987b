"""The figures of a version's answers to pictures whose numbers are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from model.evaluation.metrics import calibration_gap
from model.evaluation.number_answers import NumberAnswer


@dataclass(frozen=True)
class NumberMetrics:
    """How a version reads pictures of numbers; all shares are 0–1. A line counts as one number.

    count: of pictures; numbers: that these show; digit_accuracy: 1 − edit distance / digits; accuracy: share of the
    numbers that are read entirely right; accepted: share of the pictures in which every number is accepted;
    accuracy_when_accepted: of the numbers in these, None if there is none; confidence: mean over the pictures in which
    a number was read, None if there is none; calibration_error: over these; refused: reason → number of pictures.
    """

    count: int
    numbers: int
    digit_accuracy: float
    accuracy: float
    accepted: float
    accuracy_when_accepted: float | None
    confidence: float | None
    calibration_error: float | None
    refused: dict[str, int]


def number_metrics(answers: Sequence[NumberAnswer]) -> NumberMetrics:
    """Measure the answers to at least one picture."""
    accepted = [answer for answer in answers if answer.accepted]
    read = [answer for answer in answers if answer.read_lines]
    confidence = np.array([answer.confidence for answer in read])
    right = np.array([answer.is_right for answer in read], bool)
    return NumberMetrics(
        count=len(answers),
        numbers=sum(len(answer.lines) for answer in answers),
        digit_accuracy=1 - sum(answer.wrong_digits for answer in answers) / sum(answer.digits for answer in answers),
        accuracy=right_share(answers),
        accepted=len(accepted) / len(answers),
        accuracy_when_accepted=right_share(accepted) if accepted else None,
        confidence=float(confidence.mean()) if read else None,
        calibration_error=calibration_gap(confidence, right) if read else None,
        refused=dict(Counter(answer.refusal for answer in answers if answer.refusal is not None).most_common()),
    )


def right_share(answers: Sequence[NumberAnswer]) -> float:
    """The share of the numbers in at least one answer that are read entirely right, 0–1."""
    return sum(answer.right_lines for answer in answers) / sum(len(answer.lines) for answer in answers)
