"""From pictures to predictions, on the event loop or in a thread.

Small pictures are read on the event loop, because handing them to a thread costs more than reading them. Tiny pictures
that arrive at the same time are read as one batch (`batching.py`). Large pictures and requests with many pictures go to
a thread with lower priority, so that small pictures don't wait for them.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.http.errors import NotReady, Overloaded, Problem
from app.http.image_problems import image_problem
from app.inference.active_model import ActiveModel
from app.inference.answered import Observe
from app.inference.batching import Batcher
from app.inference.costs import is_small, is_tiny
from app.inference.pictures import Picture
from app.inference.retained_versions import RetainedVersions
from app.observability.recorder import NoRecorder, Recorder
from app.settings import Settings
from model import faults
from model.classifier import Classifier, Verdict
from model.faults import result_or_error
from model.preprocessing.decoding.limits import Limits
from model.preprocessing.decoding.page import Page
from model.preprocessing.errors import ImageError
from model.preprocessing.pipeline import Reading, open_picture, read_opened

LARGE_THREADS = 1  # a worker has about one core, so more threads would not be faster
THREAD_NICENESS = 10


log = logging.getLogger(__name__)


class Answer(NamedTuple):
    """The reading of one picture, the classifier's verdict on it, and the classifier's version."""

    reading: Reading
    verdict: Verdict
    version: int


class Predictor:
    """Makes predictions with the version in use, within the limits of the settings."""

    def __init__(self, settings: Settings, model: ActiveModel, recorder: Recorder | None = None) -> None:
        self.settings = settings
        self.model = model
        self.recorder = recorder or NoRecorder()
        self.limits = Limits(settings.max_image_bytes, settings.max_image_pixels)
        self.in_flight = 0
        self.large_in_flight = 0
        self.retained = RetainedVersions(model)
        self.observe: Observe | None = None  # called with each answer; another thread sets it
        self._batcher = Batcher(self.answer_all, settings.max_dynamic_batch)
        self._threads = ThreadPoolExecutor(LARGE_THREADS, "large", initializer=lower_priority)

    def close(self) -> None:
        """Wait for the threads to finish their work."""
        self._threads.shutdown()

    def read(self, picture: Picture) -> Reading:
        """Convert one picture to the network's input. Raises Problem."""
        (reading,) = self.read_all([picture])
        if isinstance(reading, Exception):
            raise problem_of(reading)
        return reading

    def read_all(self, pictures: Sequence[Picture]) -> list[Reading | Exception]:
        """Convert pictures to the network's inputs, in order; an exception in the place of each that fails."""
        return read_opened(self.open_all(pictures))

    def open_all(self, pictures: Sequence[Picture]) -> list[Page | Reading | Exception]:
        """Decode pictures, the first half of `read_all`; an exception in the place of each that fails."""
        return [result_or_error(opened, picture, self.limits) for picture in pictures]

    def classifier(self) -> Classifier:
        """The version in use. Raises NotReady."""
        if self.model.classifier is None:
            raise NotReady(self.model.warning or "")
        return self.model.classifier

    async def version(self, name: str) -> Classifier:
        """The version that a request names: a number, or "candidate". Raises VersionNotFound, VersionDamaged."""
        return await asyncio.to_thread(self.retained.get, name)

    def answer_all(self, pictures: Sequence[Picture], classifier: Classifier | None = None) -> list[Answer | Problem]:
        """An answer or a problem for each picture, in order, all from one version. Raises NotReady.

        classifier: None for the version in use.
        A bug that one picture triggers is logged and becomes an internal error for that picture only.
        """
        began = perf_counter()
        pages = self.open_all(pictures)
        decoded = perf_counter()
        readings = read_opened(pages)
        readable = [reading for reading in readings if isinstance(reading, Reading)]
        preprocessed = perf_counter()
        answers = answers_for(classifier or self.classifier(), readable) if readable else []
        self.recorder.batch(
            len(pictures),
            decoded - began,
            preprocessed - decoded,
            perf_counter() - preprocessed,
            [answer for answer in answers if isinstance(answer, Answer)],
        )
        rest = iter(answers)
        return [next(rest) if isinstance(reading, Reading) else problem_of(reading) for reading in readings]

    def answer_alone(self, picture: Picture, classifier: Classifier | None = None) -> Answer:
        """Answer one picture, in the calling thread. classifier: as for `answer_all`. Raises Problem."""
        return answer_or_raise(*self.answer_all([picture], classifier))

    async def answer(self, picture: Picture, classifier: Classifier | None = None) -> Answer:
        """Answer one picture, on the event loop or in a thread, depending on what reading it costs. Raises Problem.

        classifier: as for `answer_all`; only pictures for the version in use are batched with those of other requests.
        """
        if classifier is None and is_tiny(picture) and not self.recorder.is_traced():
            return answer_or_raise(await self._batcher.submit(picture))
        if is_small(picture):
            return self.answer_alone(picture, classifier)
        answer: Answer = await self.in_thread(partial(self.answer_alone, classifier=classifier), picture)
        return answer

    async def in_thread(self, function: Callable[[Any], Any], argument: object) -> Any:
        """Run `function(argument)` in the thread for large work. Raises Overloaded when too much work waits for it."""
        (result,) = await self.in_turns(function, [argument])
        return result

    async def in_turns(self, function: Callable[[Any], Any], arguments: Sequence[object]) -> list[Any]:
        """Run `function` with each argument in that thread; other work gets its turn in between. Raises Overloaded."""
        if self.large_in_flight >= self.settings.max_large_in_flight:
            raise Overloaded("Too many large images are waiting.")
        self.large_in_flight += 1
        try:
            loop = asyncio.get_running_loop()
            work = self.recorder.in_context(function)
            return [await loop.run_in_executor(self._threads, work, argument) for argument in arguments]
        finally:
            self.large_in_flight -= 1


def answers_for(classifier: Classifier, readings: Sequence[Reading]) -> list[Answer | Problem]:
    """An answer for each reading, or a problem when the classifier fails for it alone."""
    verdicts = faults.each(classifier.judge, readings, log, "judging pictures")
    return [
        problem_of(verdict) if isinstance(verdict, Exception) else Answer(reading, verdict, classifier.version)
        for reading, verdict in zip(readings, verdicts, strict=True)
    ]


def answer_or_raise(outcome: Answer | Problem) -> Answer:
    """Return an answer; raise a problem."""
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


def problem_of(error: Exception) -> Problem:
    """The problem for a picture's error. An unexpected error is logged and becomes an internal error.

    The error's frames are dropped: they would keep the picture in memory until a garbage collection.
    """
    if isinstance(error, Problem):
        problem = error
    elif isinstance(error, ImageError):
        problem = image_problem(error)
    else:
        faults.report(log, "a picture", error)
        problem = Problem()
    faults.forget_frames(error)
    return problem


def opened(picture: Picture, limits: Limits) -> Page | Reading:
    """Decode an image file, or take rows of pixels. Raises ImageError, or ValueError for rows that do not add up."""
    return open_picture(as_array(picture) if isinstance(picture, list) else picture, limits)


def as_array(rows: list[bytes]) -> NDArray[np.uint8]:
    """S rows of S bytes as uint8 (S, S)."""
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)


def lower_priority() -> None:
    """Lower the priority of this thread below the event loop's. On Linux each thread has its own niceness."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, THREAD_NICENESS)
