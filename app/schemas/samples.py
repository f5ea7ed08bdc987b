"""Samples in the API: a labelled image, a stored sample or number, a page of samples, the report of an import."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema, model_validator

from app.http.envelope import SANE_ID
from app.schemas.predict import ImageRequest
from app.schemas.values import WHOLE, Box, Share, Time

MAX_ITEM = 1023  # place of a picture in a batch
MAX_TEXT = 1000  # characters, blanks and line breaks included

Outcome = Literal["created", "corrected", "unchanged"]  # of storing a sample; "corrected": it had another label
ImportOutcome = Literal[Outcome, "refused"]
Label = Annotated[int, Field(strict=True, ge=0, le=9), WHOLE]
TEXT_SCHEMA = {
    "type": "string",
    "pattern": r"^\s*[0-9][0-9\s]*$",
    "maxLength": MAX_TEXT,
    "description": "the digits that the picture shows, in reading order; blanks and line breaks don't count",
}


def digits_of(text: str) -> str:
    """The digits of a text, without its blanks and line breaks. Raises ValueError, which says what it must be."""
    if len(text) > MAX_TEXT:
        raise ValueError(f"must have at most {MAX_TEXT:,} characters")
    digits = "".join(text.split())
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("must be the digits 0 to 9 that the picture shows, with nothing but blanks and line breaks")
    return digits


Text = Annotated[str, AfterValidator(digits_of), WithJsonSchema(TEXT_SCHEMA)]


RequestId = Annotated[
    str,
    Field(pattern=f"^{SANE_ID.pattern}$", description="instead of a picture: the one that was answered under this id"),
]
ItemNumber = Annotated[
    int, Field(strict=True, ge=0, le=MAX_ITEM, description="with `request_id`, of a batch: the picture's place, from 0")
]


class SampleRequest(ImageRequest):
    """A labelled image as JSON: with the `label` of its one digit, or with the `text` of its number or numbers.

    The image is sent, or it is one that was answered before and is kept: then `request_id` names it.
    """

    request_id: RequestId | None = None
    item: Annotated[ItemNumber, WHOLE] | None = None
    label: Annotated[Label | None, Field(description="the digit that the picture shows")] = None
    text: Text | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if [self.image, self.pixels, self.request_id].count(None) != 2:
            raise ValueError("send exactly one of `image`, `pixels` and `request_id`")
        if self.item is not None and self.request_id is None:
            raise ValueError("`item` is sent with `request_id` only")
        return self


class Sample(BaseModel):
    """A stored sample."""

    id: Annotated[
        str, Field(description="SHA-256 of the image as it was sent; of a digit of a number, of its 32×32 PNG")
    ]
    label: int
    format: str
    held_out: Annotated[bool, Field(description="only judges new versions, is never trained on")]
    suspect: Annotated[bool, Field(description="the version in use is sure of another digit")]
    predicted: Annotated[int | None, Field(description="what that version reads")]
    confidence: float | None
    box: Annotated[
        Box | None,
        Field(
            description="of the digit, in the picture with which it first came: x, y, width and height in pixels; "
            "null for a sample of an older release"
        ),
    ]
    created_at: Time
    updated_at: Time


class StoredSample(Sample):
    """A sample after `POST /samples`."""

    outcome: Outcome


class StoredNumber(BaseModel):
    """The samples after `POST /samples` with a `text`: one for each of its digits."""

    text: Annotated[str, Field(description="its digits")]
    confidence: Annotated[Share, Field(description="probability that the ink is divided into these digits")]
    items: Annotated[list[StoredSample], Field(description="in the order of the text; each `box` is in this picture")]
    total: int


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
