"""The models of the protocols that name one: `digits`, `digits-image` and `numbers-image`, all by the same classifier.

digits: arrays as the network takes them, of which nothing is corrected; digits-image: picture files, with the whole
preprocessing; numbers-image: picture files of pages with numbers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from math import prod
from typing import NamedTuple

from app.http.errors import BatchTooLarge, NotFound
from app.inference.model_answers import Asked, answer_arrays, answer_images, answer_pages
from app.inference.output_tensors import Tensor
from app.inference.predictor import Predictor
from app.inference.tensors import BYTES, InvalidTensor, Values
from app.schemas.inference import RequestInput
from model.classifier import Classifier
from model.preprocessing.layout import NETWORK_SHAPE

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
    answer: Callable[[Predictor, Classifier, Values, Asked], Awaitable[Sequence[Values]]]

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
