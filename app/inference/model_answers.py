"""The answers of the models of `served_models.py`, by the one classifier."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import repeat
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.http.errors import Problem
from app.inference.answered import Observe, answered_digit, answered_page, summary_of
from app.inference.number_reader import numbers_of
from app.inference.pictures import Picture, picture_of
from app.inference.predictor import Answer, Predictor, problem_of
from app.inference.tensors import InvalidTensor, Values
from app.observability.recorder import Recorder
from model.classifier import BATCH, NOT_A_DIGIT, Classifier, Scores
from model.numbers.result import NumbersOnPage
from model.preprocessing.pipeline import to_input


class Asked(NamedTuple):
    """What a request asks besides: digits, of each number, None if unknown; its id; and who sees each answer."""

    digits: int | None
    request_id: str
    observe: Observe | None


async def answer_arrays(predictor: Predictor, classifier: Classifier, values: Values, _: Asked) -> Sequence[Values]:
    """What `judge` answers, in a thread if there are more than BATCH images. Raises InvalidTensor, Overloaded."""
    images = np.asarray(values)
    work = partial(judge, classifier, predictor.recorder)
    answers: Sequence[Values] = work(images) if len(images) <= BATCH else await predictor.in_thread(work, images)
    return answers


def judge(
    classifier: Classifier, recorder: Recorder, images: NDArray[np.float32] | NDArray[np.uint8]
) -> Sequence[Values]:
    """Probabilities float32 (N, 10), digits int64 (N,) and acceptance bool (N,), computed in the calling thread.

    images: (N, 1, 32, 32), float32 from 0 (paper) to 1 (ink), or uint8 to 255. One without any ink is not accepted.
    Raises InvalidTensor for other numbers.
    """
    began = perf_counter()
    flat = images.reshape(len(images), -1)
    peaks = flat.max(axis=1)
    if images.dtype == np.uint8:
        given = to_input(images[:, 0])
    elif flat.min() >= 0 and peaks.max() <= 1:  # both are false for NaN
        given = np.array(images, np.float32)  # aligned, which the body's bytes may not be
    else:
        raise InvalidTensor("FP32 must be numbers from 0 (paper) to 1 (ink); send UINT8 for 0 to 255.")
    prepared = perf_counter()
    parts = [classifier.scores(given[start : start + BATCH]) for start in range(0, len(given), BATCH)]
    scores = Scores(*map(np.concatenate, zip(*parts, strict=True)))
    probabilities, digits = scores.probabilities, scores.predicted
    reasons = [
        reason if has_ink else NOT_A_DIGIT
        for reason, has_ink in zip(classifier.reasons(scores), peaks > 0, strict=True)
    ]
    recorder.arrays(
        given[:, 0],
        prepared - began,
        perf_counter() - prepared,
        list(zip(digits.tolist(), reasons, repeat(classifier.version))),  # the last one is endless
        probabilities.max(axis=1).tolist(),
    )
    return probabilities, digits, np.array([reason is None for reason in reasons])


async def answer_images(predictor: Predictor, classifier: Classifier, values: Values, asked: Asked) -> Sequence[Values]:
    """Probabilities (N, 10), digits, acceptance and reasons (N,) of N picture files, a reason being empty if accepted.

    Raises the problem of the first that has one, or Overloaded.
    """
    work = partial(answers_of, predictor, classifier, asked)
    answers: list[Answer] = await predictor.in_thread(work, values)
    verdicts = [answer.verdict for answer in answers]
    return (
        np.array([verdict.probabilities for verdict in verdicts]),
        np.array([verdict.digit for verdict in verdicts]),
        np.array([verdict.accepted for verdict in verdicts]),
        [(verdict.reason or "").encode() for verdict in verdicts],
    )


def answers_of(predictor: Predictor, classifier: Classifier, asked: Asked, files: Sequence[bytes]) -> list[Answer]:
    """The answers to picture files, in the calling thread. Raises Problem."""
    pictures: list[Picture] = []
    for place, file in enumerate(files):
        try:
            pictures.append(picture_of(file))
        except Problem as problem:
            raise placed(problem, place, len(files)) from None
    answers: list[Answer] = []
    for place, answer in enumerate(predictor.answer_all(pictures, classifier)):
        if isinstance(answer, Problem):
            raise placed(answer, place, len(files))
        answers.append(answer)
    if asked.observe is not None:
        for place, (picture, answer) in enumerate(zip(pictures, answers, strict=True)):
            asked.observe(answered_digit(asked.request_id, item_of(place, len(files)), picture, *answer))
    return answers


async def answer_pages(predictor: Predictor, classifier: Classifier, values: Values, asked: Asked) -> Sequence[Values]:
    """Texts, confidences (0-1) and acceptance of pages, as `summary_of`.

    Raises the problem of the first that has one, or Overloaded.
    """

    def work(page: tuple[int, bytes]) -> NumbersOnPage:
        place, file = page
        try:
            picture = picture_of(file)
            found = numbers_of(picture, classifier, predictor.limits, asked.digits, predictor.recorder)
        except Exception as error:
            raise placed(problem_of(error), place, len(values)) from None
        if asked.observe is not None:
            item = item_of(place, len(values))
            asked.observe(answered_page(asked.request_id, item, picture, found, classifier.version, asked.digits))
        return found

    pages: list[NumbersOnPage] = await predictor.in_turns(work, list(enumerate(values)))
    texts, confidences, accepted, _ = zip(*map(summary_of, pages), strict=True)
    return [text.encode() for text in texts], np.array(confidences), np.array(accepted)


def item_of(place: int, images: int) -> int | None:
    """The image's place in its batch, None for the only one."""
    return place if images > 1 else None


def placed(problem: Problem, place: int, images: int) -> Problem:
    """The problem; where there are several images, its text names the one that has it. place: from 0."""
    if images > 1:
        problem.detail = f"Image {place + 1} of {images}: {problem.detail}"
    return problem
