"""The models of the protocols that name one: `digits`, `digits-image` and `numbers-image`, all by the same classifier.

digits: arrays as the network takes them, of which nothing is corrected; digits-image: picture files, with the whole
preprocessing; numbers-image: picture files of pages with numbers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.http.errors import BatchTooLarge, NotFound, Problem
from app.inference.number_reader import numbers_of
from app.inference.output_tensors import Tensor
from app.inference.pictures import Picture, picture_of
from app.inference.predictor import Answer, Predictor, problem_of
from app.inference.tensors import BYTES, InvalidTensor, Values
from app.schemas.inference import RequestInput, RequestParameters
from model.classifier import BATCH, Classifier
from model.numbers.result import NumbersOnPage
from model.preprocessing.layout import NETWORK_SHAPE
from model.preprocessing.pipeline import to_input

IMAGE = "image"  # the name of every model's input
ANY = -1  # a dimension of any size


class ModelNotFound(NotFound):
    slug, title = "model-not-found", "There is no such model"
    remedy = "The models are digits, digits-image and numbers-image."


class TensorKind(NamedTuple):
    """A tensor of a model. shape: with ANY for the number of images."""

    name: str
    datatype: str
    shape: tuple[int, ...]


class ServedModel(NamedTuple):
    """A model: its name, what it takes, all its outputs, and the function that computes these.

    datatypes: those that the input may have; the first one is what metadata say.
    """

    name: str
    shape: tuple[int, ...]
    datatypes: tuple[str, ...]
    outputs: tuple[TensorKind, ...]
    answer: Callable[[Predictor, Classifier, Values, RequestParameters], Awaitable[Sequence[Values]]]

    @property
    def input(self) -> TensorKind:
        """The model's only input."""
        return TensorKind(IMAGE, self.datatypes[0], self.shape)

    def check(self, given: RequestInput, most: int) -> None:
        """Raise InvalidTensor for another datatype or shape, BatchTooLarge for more than `most` images."""
        shape = given.shape
        if given.datatype not in self.datatypes:
            raise InvalidTensor(f"The input {IMAGE!r} is {' or '.join(self.datatypes)}, not {given.datatype!r}.")
        fits = len(shape) == len(self.shape) and all(
            has == needs or needs == ANY for has, needs in zip(shape, self.shape, strict=True)
        )
        if not fits and not (self.datatypes == (BYTES,) and shape[1:] == [1]):  # (N, 1) is as good as (N)
            raise InvalidTensor(f"The input {IMAGE!r} has the shape {list(self.shape)}, not {shape}.")
        images = prod(shape) if self.datatypes == (BYTES,) else shape[0]
        if images > most:
            raise BatchTooLarge(f"{images:,} images; send at most {most}.")
        if not images:
            raise InvalidTensor("There are no images.")

    def tensors(self, values: Sequence[Values]) -> dict[str, Tensor]:
        """The outputs by their names, from what `answer` returned."""
        return {
            kind.name: Tensor(kind.name, kind.datatype, (len(one), *kind.shape[1:]), one)
            for kind, one in zip(self.outputs, values, strict=True)
        }


async def answer_arrays(
    predictor: Predictor, classifier: Classifier, values: Values, _: RequestParameters
) -> Sequence[Values]:
    """Probabilities, digits and acceptance of arrays FP32 or UINT8 (N, 1, 32, 32)."""
    images = np.asarray(values)
    if len(images) <= BATCH:
        return judge(classifier, images)
    answers: Sequence[Values] = await predictor.in_thread(partial(judge, classifier), images)
    return answers


def judge(classifier: Classifier, images: NDArray[np.float32] | NDArray[np.uint8]) -> Sequence[Values]:
    """The same, computed in the calling thread. An image without any ink is not accepted. Raises InvalidTensor."""
    flat = images.reshape(len(images), -1)
    peaks = flat.max(axis=1)
    if images.dtype == np.uint8:
        given = to_input(images[:, 0])
    elif flat.min() >= 0 and peaks.max() <= 1:  # both are false for NaN
        given = np.array(images, np.float32)  # aligned, which the body's bytes may not be
    else:
        raise InvalidTensor("FP32 must be numbers from 0 (paper) to 1 (ink); send UINT8 for 0 to 255.")
    scores = [classifier.scores(given[start : start + BATCH]) for start in range(0, len(given), BATCH)]
    accepted = np.concatenate([classifier.accepts(part) for part in scores]) & (peaks > 0)
    return (
        np.concatenate([part.probabilities for part in scores]),
        np.concatenate([part.predicted for part in scores]),
        accepted,
    )


async def answer_images(
    predictor: Predictor, classifier: Classifier, values: Values, _: RequestParameters
) -> Sequence[Values]:
    """Probabilities, digits, acceptance and reasons of picture files. Raises the problem of the first that has one."""
    answers: list[Answer] = await predictor.in_thread(partial(answers_of, predictor, classifier), values)
    verdicts = [answer.verdict for answer in answers]
    return (
        np.array([verdict.probabilities for verdict in verdicts]),
        np.array([verdict.digit for verdict in verdicts]),
        np.array([verdict.accepted for verdict in verdicts]),
        [(verdict.reason or "").encode() for verdict in verdicts],
    )


def answers_of(predictor: Predictor, classifier: Classifier, files: Sequence[bytes]) -> list[Answer]:
    """The answers to picture files, in the calling thread. Raises Problem."""
    pictures: list[Picture] = []
    for place, file in enumerate(files):
        try:
            pictures.append(picture_of(file))
        except Problem as problem:
            raise placed(problem, place, len(files)) from None
    answers = predictor.answer_all(pictures, classifier)
    for place, answer in enumerate(answers):
        if isinstance(answer, Problem):
            raise placed(answer, place, len(files))
    return [answer for answer in answers if isinstance(answer, Answer)]


async def answer_pages(
    predictor: Predictor, classifier: Classifier, values: Values, parameters: RequestParameters
) -> Sequence[Values]:
    """Texts, confidences and acceptance of pages. Raises the problem of the first page that has one.

    A page's confidence is the probability that all of its numbers are right, taken as independent; 0 if it has none.
    """

    def work(page: tuple[int, bytes]) -> NumbersOnPage:
        place, file = page
        try:
            return numbers_of(picture_of(file), classifier, predictor.limits, parameters.digits, predictor.recorder)
        except Exception as error:
            raise placed(problem_of(error), place, len(values)) from None

    pages: list[NumbersOnPage] = await predictor.in_turns(work, list(enumerate(values)))
    return (
        [page.text.encode() for page in pages],
        np.array([prod(number.confidence for number in page.numbers) if page.numbers else 0.0 for page in pages]),
        np.array([bool(page.numbers) and all(number.accepted for number in page.numbers) for page in pages]),
    )


def placed(problem: Problem, place: int, images: int) -> Problem:
    """The problem; where there are several images, its text names the one that has it. place: from 0."""
    if images > 1:
        problem.detail = f"Image {place + 1} of {images}: {problem.detail}"
    return problem


PROBABILITIES = TensorKind("probabilities", "FP32", (ANY, 10))
DIGIT = TensorKind("digit", "INT64", (ANY,))
ACCEPTED = TensorKind("accepted", "BOOL", (ANY,))
REASON = TensorKind("reason", BYTES, (ANY,))
TEXT = TensorKind("text", BYTES, (ANY,))
CONFIDENCE = TensorKind("confidence", "FP32", (ANY,))

MODELS = {
    model.name: model
    for model in (
        ServedModel(
            "digits", (ANY, 1, *NETWORK_SHAPE), ("FP32", "UINT8"), (PROBABILITIES, DIGIT, ACCEPTED), answer_arrays
        ),
        ServedModel("digits-image", (ANY,), (BYTES,), (PROBABILITIES, DIGIT, ACCEPTED, REASON), answer_images),
        ServedModel("numbers-image", (ANY,), (BYTES,), (TEXT, CONFIDENCE, ACCEPTED), answer_pages),
    )
}


def model_named(name: str) -> ServedModel:
    """The model. Raises ModelNotFound."""
    model = MODELS.get(name)
    if model is None:
        raise ModelNotFound(f"There is no model {name!r}, but {', '.join(MODELS)}.")
    return model
