"""Samples in the API: a labelled image, a stored sample, a page of samples, the report of an import."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.schemas.predict import ImageRequest
from app.schemas.values import WHOLE, Time

Outcome = Literal["created", "corrected", "unchanged"]  # of storing a sample; "corrected": it had another label
ImportOutcome = Literal[Outcome, "refused"]
Label = Annotated[int, Field(strict=True, ge=0, le=9), WHOLE]


class SampleRequest(ImageRequest):
    """A labelled image as JSON."""

    label: Label


class Sample(BaseModel):
    """A stored sample."""

    id: Annotated[str, Field(description="SHA-256 of the image as it was sent")]
    label: int
    format: str
    held_out: Annotated[bool, Field(description="only judges new versions, is never trained on")]
    suspect: Annotated[bool, Field(description="the version in use is sure of another digit")]
    predicted: Annotated[int | None, Field(description="what that version reads")]
    confidence: float | None
    created_at: Time
    updated_at: Time


class StoredSample(Sample):
    """A sample after `POST /samples`."""

    outcome: Outcome


class ImportedItem(BaseModel):
    """What became of one file of a ZIP."""

    name: str
    outcome: ImportOutcome
    id: str | None
    detail: Annotated[str | None, Field(description="why it was refused")]


class ImportReport(BaseModel):
    """What became of a ZIP."""

    items: list[ImportedItem]
    total: int
    next: None = None
    counts: Annotated[dict[str, int], Field(description="items by outcome")]


class SampleList(BaseModel):
    """A page of samples."""

    items: list[Sample]
    total: int
    next: Annotated[str | None, Field(description="cursor of the next page")]
