"""Collects what a worker's requests do, and adds it to the metrics in bulk.

A request must not pay for its metrics. So it only appends to lists; a timer on the event loop empties them every
FLUSH_SECONDS, and not at all while nothing happens. A worker that is killed loses what its lists hold.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from app.observability.instruments import DECODE, INFERENCE, NUMBERS, PREPROCESSING, Instruments, ink_shares
from model.classifier import Verdict
from model.preprocessing.pipeline import Reading

FLUSH_SECONDS = 0.5
MOST_INPUTS = 64  # whose ink is measured at each flush; to keep all of them would cost more than to count them
ACCEPTED = "accepted"
Item = TypeVar("Item")
Outcome = tuple[int, str | None, int]  # digit, reason, version
Predicted = tuple[Reading, Verdict, int]  # the last is the version


class Recorder:
    """What the hot path calls. Every method but `flush` and `model_changed` costs a fraction of a microsecond."""

    def __init__(self, instruments: Instruments) -> None:
        self.instruments = instruments
        self.in_flight = 0
        self._durations: dict[tuple[str, str, int], list[float]] = {}
        self._batches: list[tuple[int, float | None, float, float]] = []  # pictures, and seconds of each stage
        self._outcomes: list[Outcome] = []
        self._confidences: list[float] = []
        self._inputs: list[NDArray[np.uint8]] = []
        self._pages: list[tuple[float, float]] = []
        self._refusals: list[str] = []
        self._version: int | None = None
        self._warning: str | None = None
        self._is_flush_due = False

    def request_began(self) -> None:
        """Count a request that is being answered. Call it on the event loop."""
        self.in_flight += 1
        if not self._is_flush_due:
            self._plan_flush()

    def request_ended(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count its end. route: a template, never a path."""
        self.in_flight -= 1
        try:
            self._durations[route, method, status].append(seconds)
        except KeyError:
            self._durations[route, method, status] = [seconds]
        if not self._is_flush_due:
            self._plan_flush()

    def connection_refused(self, reason: str) -> None:
        """Count a problem that a connection was answered with before it was a request. Call it on the event loop."""
        self._refusals.append(reason)
        if not self._is_flush_due:
            self._plan_flush()

    def refused(self, reason: str) -> None:
        """Count a problem that a request, or one picture of a batch, was answered with. reason: its slug."""
        self._refusals.append(reason)

    def batch(
        self, pictures: int, decode: float, preprocessing: float, inference: float, predicted: Sequence[Predicted]
    ) -> None:
        """Count pictures that were read together, and the predictions for those that could be read.

        decode, preprocessing, inference: seconds that each stage took for all of them.
        """
        self._batches.append((pictures, decode, preprocessing, inference))
        for reading, verdict, version in predicted:
            self._outcomes.append((verdict.digit, verdict.reason, version))
            self._confidences.append(verdict.confidence)
            if len(self._inputs) < MOST_INPUTS:
                self._inputs.append(reading.pixels)

    def arrays(
        self,
        inputs: NDArray[np.float32],
        preprocessing: float,
        inference: float,
        outcomes: Sequence[Outcome],
        confidences: Sequence[float],
    ) -> None:
        """Count arrays that came as the network takes them, without a picture to decode.

        inputs: (N, 32, 32), 0-1; preprocessing, inference: as in `batch`; outcomes and confidences: of each.
        """
        self._batches.append((len(inputs), None, preprocessing, inference))
        self._outcomes += outcomes
        self._confidences += confidences
        if (room := MOST_INPUTS - len(self._inputs)) > 0:
            self._inputs += [*(inputs[:room] * 255).astype(np.uint8)]

    def is_traced(self) -> bool:
        """Whether the current request's trace is recorded."""
        return False

    def in_context(self, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The function, to be called in another thread."""
        return function

    def page(self, decode: float, numbers: float) -> None:
        """Count a page. decode, numbers: seconds to decode it, and to read the numbers on it."""
        self._pages.append((decode, numbers))

    def model_changed(self, version: int | None, warning: str | None) -> None:
        """Note the version that this worker serves from now on, and why it is not the wanted one, if so."""
        meters = self.instruments
        if version != self._version:
            if self._version is not None:
                meters.workers.labels(str(self._version)).set(0)
                meters.swaps.inc()
            if version is not None:
                meters.workers.labels(str(version)).set(1)
        if warning and warning != self._warning:
            meters.fallbacks.inc()
        meters.fallback.set(1 if warning else 0)
        self._version, self._warning = version, warning

    def _plan_flush(self) -> None:
        self._is_flush_due = True
        asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Add what was collected to the metrics. Call it on the event loop."""
        self._is_flush_due = False
        meters = self.instruments
        meters.in_flight.set(self.in_flight)
        for (route, method, status), seconds in self._durations.items():
            if seconds:
                meters.request_duration.labels(route, method, str(status)).observe_many(taken(seconds))
        for reason, count in Counter(taken(self._refusals)).items():
            meters.refusals.labels(reason).inc(count)
        if batches := taken(self._batches):
            sizes, decode, preprocessing, inference = zip(*batches, strict=True)
            meters.batch.observe_many(sizes)
            meters.stage[DECODE].observe_many([seconds for seconds in decode if seconds is not None])
            meters.stage[PREPROCESSING].observe_many(preprocessing)
            meters.stage[INFERENCE].observe_many(inference)
        if pages := taken(self._pages):
            decode, numbers = zip(*pages, strict=True)
            meters.stage[DECODE].observe_many(decode)
            meters.stage[NUMBERS].observe_many(numbers)
        for (digit, why_not, version), count in Counter(taken(self._outcomes)).items():
            meters.predictions.labels(str(digit), why_not or ACCEPTED, str(version)).inc(count)
        if confidences := taken(self._confidences):
            meters.confidence.observe_many(confidences)
        if inputs := taken(self._inputs):
            meters.ink.observe_many(ink_shares(inputs))


class NoRecorder(Recorder):
    """Counts nothing: metrics are switched off."""

    def __init__(self) -> None:
        self.in_flight = 0

    def request_began(self) -> None:
        """Do nothing."""

    def request_ended(self, *_: Any) -> None:
        """Do nothing."""

    def connection_refused(self, *_: Any) -> None:
        """Do nothing."""

    def refused(self, *_: Any) -> None:
        """Do nothing."""

    def batch(self, *_: Any) -> None:
        """Do nothing."""

    def arrays(self, *_: Any) -> None:
        """Do nothing."""

    def page(self, *_: Any) -> None:
        """Do nothing."""

    def model_changed(self, *_: Any) -> None:
        """Do nothing."""

    def flush(self) -> None:
        """Do nothing."""


def taken(items: list[Item]) -> list[Item]:
    """Remove the items from the list, and return them. Another thread may append meanwhile; no item is lost."""
    count = len(items)
    part = items[:count]
    del items[:count]
    return part
