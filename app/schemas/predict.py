"""The requests and responses of `/predict` and `/predict/batch`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema, model_validator

from app.schemas.pixels import JSON_SCHEMA, read_rows
from app.schemas.problems import ProblemDetail
from app.schemas.values import Accepted, ModelVersion, Seen, Share

IMAGE = (
    "an image file, as base64 (of either alphabet, padded or not, with or without line ends) or as a data-URI; "
    "the digit is found in it"
)
PIXELS = (
    "28×28 or 32×32 numbers, taken as they are: white ink on black (0), the digit placed as MNIST's are; send anything "
    "else as an image. As rows, flat (784 or 1024), 28×28×1 or 1×28×28. Where none is above 1 they are of the range "
    "0–1, so integers 0 and 1 are paper and ink; else they are of the range 0–255, and fractions are rounded"
)
Rows = Annotated[list[bytes], PlainValidator(read_rows), WithJsonSchema(JSON_SCHEMA)]


class ImageRequest(BaseModel):
    """One image, as base64 or as pixels: exactly one of the two."""

    model_config = ConfigDict(extra="forbid")

    image: Annotated[str, Field(min_length=1, description=IMAGE)] | None = None
    pixels: Annotated[Rows, Field(description=PIXELS)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.image is None) == (self.pixels is None):
            raise ValueError("send exactly one of `image` and `pixels`")
        return self


class Prediction(BaseModel):
    """What the service reads in one image."""

    model_config = ConfigDict(
        protected_namespaces=(),
        json_schema_extra={
            "example": {
                "digit": 7,
                "confidence": 0.99981,
                "accepted": True,
                "probabilities": [0.0, 0.00001, 0.00004, 0.00003, 0.0, 0.0, 0.0, 0.99981, 0.0, 0.00011],
                "model_version": "1",
                "request_id": "6f1d0a3b5c7e9f20",
            }
        },
    )

    digit: Annotated[int, Field(ge=0, le=9)]
    confidence: Annotated[Share, Field(description="calibrated probability of `digit`")]
    accepted: Accepted
    reason: Annotated[
        str | None,
        Field(
            description="why it is not accepted: `low-confidence`, `not-a-digit`, `other-ink`, or `several-digits`: "
            "`/read` is for these; `/problems/several-digits`, and likewise for the others, says more"
        ),
    ] = None
    probabilities: Annotated[list[float], Field(min_length=10, max_length=10, description="they sum to 1")]
    model_version: ModelVersion
    request_id: str
    seen: Seen = None
    box: Annotated[
        list[int] | None,
        Field(
            min_length=4,
            max_length=4,
            description="with ?seen=true: x, y, width and height of the digit in the picture as it was sent, in pixels",
        ),
    ] = None


class Batch(BaseModel):
    """One prediction or one problem an image, in the order they were sent."""

    items: list[Prediction | ProblemDetail]
    total: int
