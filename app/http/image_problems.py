"""The problem for each error of an image: the one mapping from the exceptions of `model` to HTTP."""

from __future__ import annotations

from typing import NamedTuple

from app.http.errors import Problem
from model.preprocessing.decoding.limits import FORMATS, MIN_SIDE
from model.preprocessing.errors import (
    BlankImage,
    CorruptImage,
    CrowdedPage,
    EmptyImage,
    ImageError,
    ImageTooLarge,
    ImageTooSmall,
    InvalidPixels,
    UnsupportedFormat,
)


class ProblemKind(NamedTuple):
    """HTTP status, the stable end of the `type`, the error in a few words, and how to fix it."""

    status: int
    slug: str
    title: str
    remedy: str


IMAGE_PROBLEMS: dict[type[ImageError], ProblemKind] = {
    EmptyImage: ProblemKind(
        400,
        "empty-body",
        "There is no image in the request",
        "Send the bytes of the image, as `curl --data-binary @7.png` does.",
    ),
    UnsupportedFormat: ProblemKind(
        415, "unsupported-image", "The image has a format that is not read here", f"Send {FORMATS}."
    ),
    CorruptImage: ProblemKind(
        422, "corrupt-image", "The image is cut or damaged", "Open the file in a viewer; send it again, whole."
    ),
    ImageTooLarge: ProblemKind(
        413,
        "image-too-large",
        "The image is larger than this service reads",
        "Shrink the image; a digit needs no more than a few hundred pixels a side.",
    ),
    ImageTooSmall: ProblemKind(
        422,
        "image-too-small",
        "The image is too small to show a digit",
        f"Send at least {MIN_SIDE}×{MIN_SIDE} pixels.",
    ),
    InvalidPixels: ProblemKind(
        422,
        "invalid-pixels",
        "The pixels are no 28×28 or 32×32 picture",
        "Send `pixels` as 28 or 32 rows of as many numbers: 0 is paper; 255, or 1 where none is larger, is ink.",
    ),
    BlankImage: ProblemKind(
        422,
        "blank-image",
        "The image shows no ink",
        "Write with more contrast to the paper: dark on light, or light on dark.",
    ),
    CrowdedPage: ProblemKind(
        422,
        "crowded-page",
        "The image shows too many marks to find numbers among them",
        "Cut out the part that shows the numbers, or take a sharper picture of plain paper.",
    ),
}


def image_problem(error: ImageError) -> Problem:
    """The problem for an image error. The error's text becomes the detail."""
    kind = IMAGE_PROBLEMS[type(error)]
    problem = Problem(str(error))
    problem.status, problem.slug, problem.title, problem.remedy = kind
    return problem
