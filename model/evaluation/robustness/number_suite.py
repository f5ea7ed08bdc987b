"""The suite's part for numbers: measure how a version reads numbers of MNIST's digits under each of their conditions.

Each picture is read as a request to `/read` is: bytes → `read_numbers`. A seed fixes everything.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from model.classifier import Classifier
from model.data.digits import Labelled
from model.evaluation.number_answers import NumberAnswer
from model.evaluation.number_metrics import NumberMetrics, number_metrics
from model.evaluation.robustness.numbers import LONGEST, NUMBER_CONDITIONS, NumberCondition
from model.evaluation.robustness.suite import SEED
from model.numbers.reader import read_numbers
from model.preprocessing.errors import ImageError

NUMBER_COUNT = 200  # pictures for each condition
HARDEST = 42  # wrong answers that are kept, as many as have room on a sheet


@dataclass(frozen=True)
class NumberResults:
    """The figures of each condition by its name, and wrong answers of all, the surest first.

    hardest: at most HARDEST, and one for each text, since all conditions show the same numbers.
    """

    metrics: dict[str, NumberMetrics]
    hardest: list[NumberAnswer]


def run_number_suite(
    classifier: Classifier,
    digits: Labelled,
    seed: int = SEED,
    count: int = NUMBER_COUNT,
    length: int | None = None,
    conditions: Sequence[NumberCondition] = NUMBER_CONDITIONS,
    on_result: Callable[[str], None] = lambda name: None,
) -> NumberResults:
    """Measure each condition on `count` pictures; those that show one number show the same numbers.

    length: digits of every number, 1–LONGEST, None for any; pages of lines keep theirs. on_result: called with each
    condition's name as soon as it is measured.
    """
    metrics: dict[str, NumberMetrics] = {}
    hardest: list[NumberAnswer] = []
    for condition in conditions:
        answers = list(answers_under(classifier, condition, digits, seed, count, length))
        metrics[condition.name] = number_metrics(answers)
        hardest = surest_of_each([*hardest, *(answer for answer in answers if not answer.is_right)])[:HARDEST]
        on_result(condition.name)
    return NumberResults(metrics, hardest)


def surest_of_each(answers: Sequence[NumberAnswer]) -> list[NumberAnswer]:
    """Of the answers to each text the one with the greatest confidence, the surest first."""
    surest: dict[str, NumberAnswer] = {}
    for answer in sorted(answers, key=lambda answer: -answer.confidence):
        surest.setdefault(answer.text, answer)
    return list(surest.values())


def answers_under(
    classifier: Classifier, condition: NumberCondition, digits: Labelled, seed: int, count: int, length: int | None
) -> Iterator[NumberAnswer]:
    """Draw `count` pictures under the condition, and read each. One that can't be read is taken for blank."""
    random = np.random.default_rng([seed, zlib.crc32(condition.name.encode())])
    for number, chosen in enumerate(some_numbers(digits, condition, seed, count, length)):
        data = condition.build(chosen.images, random)
        text = "\n".join("".join(map(str, line)) for line in chosen.labels.reshape(condition.lines, -1).tolist())
        try:
            read = read_numbers(data, classifier)
        except ImageError:
            read = None
        yield NumberAnswer(f"{condition.name} {number}", data, text, read)


def some_numbers(
    digits: Labelled, condition: NumberCondition, seed: int, count: int, length: int | None
) -> Iterator[Labelled]:
    """Choose the digits of `count` pictures: the same for all conditions with as many lines."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        each = condition.length or length or int(random.integers(1, LONGEST + 1))
        yield digits[random.integers(len(digits), size=condition.lines * each)]
