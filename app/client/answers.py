"""What the service answers, as frozen dataclasses. Members that a newer service adds are left out.

/docs of the service says what each field means; confidences and shares are 0–1, boxes are x, y, width and height in
pixels of the picture as it was sent.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")
Box = list[int]


def build(kind: type[T], data: Mapping[str, Any]) -> T:
    """An answer of this kind from the members of a JSON object. Raises TypeError if one is missing."""
    values = {}
    for each in fields(kind):  # type: ignore[arg-type]
        if each.name in data:
            value, inner = data[each.name], each.metadata.get("items")
            values[each.name] = [build(inner, item) for item in value] if inner else value
    return kind(**values)


class ShowsSeen:
    """An answer that may hold the picture that the model was given: `seen`, a data-URI of a PNG."""

    seen: str | None

    @property
    def seen_png(self) -> bytes | None:
        """The 32×32 picture that the model was given, where it was asked for with `seen=True`."""
        return None if self.seen is None else base64.b64decode(self.seen.partition(",")[2])


@dataclass(frozen=True)
class Prediction(ShowsSeen):
    """The digit that was read in one picture. Do not use it without a look where `accepted` is False."""

    digit: int
    confidence: float
    accepted: bool
    probabilities: list[float]
    model_version: str
    request_id: str
    reason: str | None = None
    seen: str | None = None
    box: Box | None = None


@dataclass(frozen=True)
class ReadDigit(ShowsSeen):
    """One digit of a number."""

    digit: int
    confidence: float
    box: Box
    seen: str | None = None


@dataclass(frozen=True)
class Alternative:
    """Another text that the same ink may be."""

    text: str
    confidence: float


@dataclass(frozen=True)
class Number:
    """One number on a page. Do not use it without a look where `accepted` is False."""

    text: str
    confidence: float
    accepted: bool
    box: Box
    digits: list[ReadDigit] = field(metadata={"items": ReadDigit})
    alternatives: list[Alternative] = field(metadata={"items": Alternative})
    reason: str | None = None


@dataclass(frozen=True)
class Page:
    """The numbers on one page, in reading order."""

    numbers: list[Number] = field(metadata={"items": Number})
    text: str
    model_version: str
    request_id: str


@dataclass(frozen=True)
class Sample:
    """A labelled picture that the service stored. outcome: what storing did, `created`, `corrected` or `unchanged`."""

    id: str
    label: int
    format: str
    held_out: bool
    suspect: bool
    predicted: int | None
    confidence: float | None
    box: Box | None
    created_at: str
    updated_at: str
    outcome: str


@dataclass(frozen=True)
class TaughtNumber:
    """The samples that a picture of a number became, one for each digit of its text."""

    text: str
    confidence: float
    items: list[Sample] = field(metadata={"items": Sample})


@dataclass(frozen=True)
class KeptPicture:
    """A picture that the service kept with its answer. item: its place in a batch; shadow: what another version read
    in it, where that differs, as `text`, `confidence` and `model_version`.
    """

    id: int
    request_id: str
    item: int | None
    path: str
    text: str
    confidence: float
    accepted: bool
    reason: str | None
    model_version: str
    shadow: dict[str, Any] | None
    kept_at: str


@dataclass(frozen=True)
class Job:
    """A retraining. state: queued, running or evaluating; then promoted, kept, failed, cancelled or interrupted."""

    id: str
    state: str
    created_at: str
    started_at: str | None
    finished_at: str | None
    options: dict[str, Any]
    progress: dict[str, Any] | None
    metrics: dict[str, Any] | None
    reasons: list[str]
    version: int | None
    error: str | None
    log: str

    @property
    def is_finished(self) -> bool:
        """Whether it has ended."""
        return self.finished_at is not None


@dataclass(frozen=True)
class Event:
    """Something that a retraining reported. kind: `state`, with data["state"]; or `progress`, with the members of
    `Job.progress`: stage, epoch, epochs, step, steps, loss, accuracy, eta_seconds.
    """

    id: str
    kind: str
    data: dict[str, Any]

    @property
    def share_done(self) -> float | None:
        """How much of the training is done, 0–1; None where the event does not tell."""
        steps = self.data.get("steps")
        return self.data["step"] / steps if steps else None


@dataclass(frozen=True)
class Version:
    """A version of the weights. manifest: None in a list."""

    version: int
    current: bool
    intact: bool
    parent: int | None
    created_at: str | None
    metrics: dict[str, Any]
    problem: str | None = None
    manifest: dict[str, Any] | None = None
