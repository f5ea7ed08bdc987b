"""From a request's body to its predictions: the three forms, and where the work is done.

Small pictures are read on the event loop, since handing them to a thread costs more than the reading; large ones
and whole batches go to a thread of lower priority, so that small ones don't wait for them.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import numpy as np
from pydantic import TypeAdapter, ValidationError

from app.errors import BadRequest, InvalidField, NotReady, Overloaded, Problem, image_problem, invalid_field
from app.forms import parse_form
from app.schemas.predict import ImageRequest
from app.serving import ActiveModel
from app.settings import Settings
from model.classifier import Verdict
from model.image import ImageError, Limits, Reading, read_digit, read_pixels

SMALL_BYTES = 32_768
SMALL_PNG_PIXELS = 128 * 128
LARGE_THREADS = 1  # one worker owns about one core; more threads would only take turns
THREAD_NICENESS = 10

T = TypeVar("T")
Picture = bytes | list[list[int]]  # an encoded image, or pixels
one_image = TypeAdapter(ImageRequest)
many_images = TypeAdapter(list[ImageRequest])


class Predictor:
    """Predictions with the version in use, within the limits of the settings."""

    def __init__(self, settings: Settings, model: ActiveModel) -> None:
        self.settings = settings
        self.model = model
        self.limits = Limits(settings.max_image_bytes, settings.max_image_pixels)
        self.in_flight = 0
        self.large_in_flight = 0
        self._threads = ThreadPoolExecutor(LARGE_THREADS, "large", initializer=lower_priority)

    def close(self) -> None:
        """Finish what the threads have begun."""
        self._threads.shutdown()

    def read(self, picture: Picture) -> Reading:
        """The picture as the network will see it. Raises Problem."""
        try:
            if isinstance(picture, list):
                return read_pixels(np.array(picture, np.uint8))
            return read_digit(picture, self.limits)
        except ImageError as error:
            raise image_problem(error) from None

    def judge(self, readings: Sequence[Reading]) -> tuple[list[Verdict], int]:
        """A verdict for each reading, and the one version that gave them all. Raises NotReady."""
        classifier = self.model.classifier
        if classifier is None:
            raise NotReady(self.model.warning or "")
        return classifier.judge(readings), classifier.version

    def read_and_judge(self, picture: Picture) -> tuple[Reading, Verdict, int]:
        """One picture, all the way."""
        reading = self.read(picture)
        verdicts, version = self.judge([reading])
        return reading, verdicts[0], version

    def read_and_judge_all(self, pictures: Sequence[Picture]) -> tuple[list[Verdict | Problem], int]:
        """A verdict or a problem for each picture, in order, all from one version."""
        outcomes: list[Reading | Problem] = []
        for picture in pictures:
            try:
                outcomes.append(self.read(picture))
            except Problem as problem:
                outcomes.append(problem)
        readings = [outcome for outcome in outcomes if not isinstance(outcome, Problem)]
        verdicts, version = self.judge(readings) if readings else ([], 0)
        rest = iter(verdicts)
        return [outcome if isinstance(outcome, Problem) else next(rest) for outcome in outcomes], version

    async def in_thread(self, function: Callable[[Any], Any], argument: object) -> Any:
        """Run `function(argument)` in the thread for large work. Raises Overloaded when too much waits for it."""
        if self.large_in_flight >= self.settings.max_large_in_flight:
            raise Overloaded("Too many large images are waiting.")
        self.large_in_flight += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, argument)
        finally:
            self.large_in_flight -= 1


def lower_priority() -> None:
    """Let the event loop's thread go first; on Linux each thread has its own niceness."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, THREAD_NICENESS)


def is_small(picture: Picture) -> bool:
    """Whether reading the picture takes well under a millisecond: pixels, or a small file of few pixels.

    Only a PNG tells its size at a fixed place (W3C PNG, IHDR); of other formats, whose few bytes may hold many
    pixels, only the JPEG's density is bounded enough to trust its length.
    """
    if isinstance(picture, list):
        return True
    if picture.startswith(b"\x89PNG") and len(picture) >= 24:
        width, height = int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])
        return len(picture) <= SMALL_BYTES and width * height <= SMALL_PNG_PIXELS
    return len(picture) <= 2048 and picture.startswith(b"\xff\xd8")


def one_picture(body: bytes, content_type: str) -> Picture:
    """The picture of a `POST /predict`, in whichever of the three forms it came. Raises Problem."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return from_json(validate(one_image, body))
    if kind == "multipart/form-data":
        files = [part for part in parse_form(body, content_type) if part.is_file]
        if len(files) != 1:
            raise BadRequest(f"The form has {len(files)} files; send one, or use /predict/batch.")
        return bytes(files[0].data)
    return body


def many_pictures(body: bytes, content_type: str) -> list[Picture]:
    """The pictures of a `POST /predict/batch`: a form with files or a JSON list. Raises Problem."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return [from_json(item) for item in validate(many_images, body)]
    if kind == "multipart/form-data":
        return [bytes(part.data) for part in parse_form(body, content_type) if part.is_file]
    raise BadRequest("Send multipart/form-data with several files, or a JSON list.")


def from_json(request: ImageRequest) -> Picture:
    """The picture of a validated JSON object. Raises InvalidField when the base64 is none."""
    if request.pixels is not None:
        return request.pixels
    text = request.image or ""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidField("`image` is neither base64 nor a data-URI with base64.") from None


def validate(adapter: TypeAdapter[T], body: bytes) -> T:
    """The body as the adapter's type. Raises BadRequest for what is no JSON, InvalidField for the wrong JSON."""
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        raise invalid_field(error.errors(include_url=False, include_input=False)) from None
