"""The robustness suite: measure how a version reads digits as users send them, and refuses pictures without a digit.

Every condition makes picture files from the same digits; see conditions.py, pages.py, hands.py, nondigits.py and
near_digits.py. They are read as a request is: bytes → `read_digit` → network → verdict. A seed fixes everything.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from model.classifier import Classifier
from model.data.digits import Labelled
from model.data.embedded import embedded_pages, order_of_splits, upsampled
from model.evaluation.metrics import mean
from model.evaluation.robustness.conditions import CONDITIONS, Condition, Kind
from model.evaluation.robustness.hands import HANDS, many_hands
from model.evaluation.robustness.near_digits import NEAR_DIGITS
from model.evaluation.robustness.nondigits import NON_DIGITS
from model.evaluation.robustness.pages import PAGES
from model.evaluation.robustness.paint import png
from model.preprocessing.errors import ImageError
from model.preprocessing.layout import MARGIN
from model.preprocessing.pipeline import Reading, read_digit

SEED = 2026  # choices were made with another seed (model/LOG.md)
COUNT = 1_000  # pictures for each condition
EVERY_CONDITION = CONDITIONS + PAGES + HANDS + NON_DIGITS + NEAR_DIGITS
RESULTS = len(EVERY_CONDITION) + 3  # and what `other_digits` yields
MEANS = {  # name → the kinds over whose conditions it is the mean accuracy
    "digit alone": (Kind.ENCODING, Kind.PICTURE, Kind.HARD, Kind.WRITERS),
    "page": (Kind.PAGE,),
    "hands": (Kind.HANDS,),
}


@dataclass(frozen=True)
class ConditionResult:
    """The results of one condition over `count` pictures; all shares are 0–1.

    A picture that can't be read counts as refused and, if it shows a digit, as wrong. accuracy is None if the pictures
    show no digit; accuracy_when_accepted is None also if none is accepted.
    """

    name: str
    kind: Kind
    count: int
    accuracy: float | None
    accepted: float
    refused: float
    accuracy_when_accepted: float | None


OnResult = Callable[[ConditionResult], None]


@dataclass(frozen=True)
class ReadPictures:
    """The pipeline's readings of N pictures, of which it could read R.

    readings: R; labels: int64 (R,), the digits that they show; readable: bool (N,), which pictures could be read.
    """

    readings: list[Reading]
    labels: NDArray[np.int64]
    readable: NDArray[np.bool_]


def run_suite(
    classifier: Classifier,
    digits: Labelled,
    seed: int = SEED,
    count: int = COUNT,
    on_result: OnResult = lambda result: None,
) -> list[ConditionResult]:
    """Measure every condition on the same `count` digits, or on all if there are fewer.

    A condition that is made from some of the ten digits only has as many pictures of these.
    on_result: called with each condition's result as soon as it is measured.
    """
    results = []
    for condition in EVERY_CONDITION:
        chosen = some(digits[np.isin(digits.labels, condition.labels)], seed, count)
        results.append(result_of(classifier, condition.name, condition.kind, read_under(condition, chosen, seed)))
        on_result(results[-1])
    for name, kind, pictures in other_digits(seed):
        labels, files = zip(*islice(pictures, count), strict=True)
        read = read_all(files, np.array(labels, np.int64))
        results.append(result_of(classifier, name, kind, read))
        on_result(results[-1])
    return results


def some(digits: Labelled, seed: int, count: int) -> Labelled:
    """Choose `count` random digits: the same for all conditions of all digits, so that these can be compared."""
    return digits[np.random.default_rng(seed).permutation(len(digits))[:count].astype(np.int64)]


def read_under(condition: Condition, digits: Labelled, seed: int) -> ReadPictures:
    """Turn the digits into pictures under the condition, and read these by the image pipeline."""
    random = np.random.default_rng([seed, zlib.crc32(condition.name.encode())])
    files = (condition.build(image[MARGIN:-MARGIN, MARGIN:-MARGIN], random) for image in digits.images)
    return read_all(files, digits.labels)


def read_all(files: Iterable[bytes], labels: NDArray[np.int64]) -> ReadPictures:
    """Read N files by the image pipeline. labels: int64 (N,), the digits that they show."""
    made, readable = [], np.zeros(len(labels), bool)
    for index, data in enumerate(files):
        try:
            made.append(read_digit(data))
        except ImageError:
            continue
        readable[index] = True
    return ReadPictures(made, labels[readable], readable)


def result_of(classifier: Classifier, name: str, kind: Kind, read: ReadPictures) -> ConditionResult:
    """Judge the readings, and count the shares that are right, accepted and refused."""
    count = len(read.readable)
    verdicts = classifier.judge(read.readings)
    accepted = np.array([verdict.accepted for verdict in verdicts], bool)
    right = np.array([verdict.digit for verdict in verdicts], np.int64) == read.labels
    share = float(accepted.sum() / count)
    if kind == Kind.NO_DIGIT:
        return ConditionResult(name, kind, count, None, share, 1 - share, None)
    accuracy = float(right.sum() / count)
    when_accepted = mean(right[accepted]) if accepted.any() else None
    return ConditionResult(name, kind, count, accuracy, share, 1 - share, when_accepted)


def other_digits(seed: int) -> Iterator[tuple[str, Kind, Iterator[tuple[int, bytes]]]]:
    """Yield digits that are not made from the given ones: a name, a kind, and pairs of label and picture file.

    scikit-learn's digits are 8×8 pixels, filled by the digit, then upsampled ten times, on a page with a margin. They
    are those of its test part: training and choices use the others. Drawn digits have no end.
    """
    pages, labels = embedded_pages()
    order = order_of_splits()[-1].tolist()
    yield "scikit-learn's, 8×8", Kind.WRITERS, ((int(labels[i]), png(pages[i])) for i in order)
    large = ((int(labels[i]), png(upsampled(pages[i], 10, 30))) for i in order)
    yield "scikit-learn's, 140×140", Kind.WRITERS, large
    yield "all digits", Kind.HANDS, many_hands(np.random.default_rng(seed))


def mean_accuracies(results: Sequence[ConditionResult]) -> dict[str, float]:
    """The mean accuracy of each group of MEANS that occurs, over its conditions, equally weighted: name → 0–1."""
    shares = {
        name: [result.accuracy for result in results if result.kind in kinds and result.accuracy is not None]
        for name, kinds in MEANS.items()
    }
    return {name: float(np.mean(values)) for name, values in shares.items() if values}
