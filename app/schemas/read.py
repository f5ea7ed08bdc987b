"""The responses of `/read` and `/read/batch`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.problems import ProblemDetail
from app.schemas.values import Accepted, Box, ModelVersion, Seen, Share


class DigitOfNumber(BaseModel):
    """One digit of a number."""

    digit: Annotated[int, Field(ge=0, le=9)]
    confidence: Annotated[Share, Field(description="probability that the number has this digit at this place")]
    box: Box
    seen: Seen = None


class OtherText(BaseModel):
    """Another text that the same ink may be."""

    text: str
    confidence: Share


class Number(BaseModel):
    """One number on the page."""

    text: Annotated[str, Field(pattern="^[0-9]+$", description="its digits")]
    confidence: Annotated[Share, Field(description="calibrated probability that all digits of `text` are right")]
    accepted: Accepted
    reason: Annotated[
        str | None,
        Field(
            description="why it is not accepted: `low-confidence`, `not-a-digit`, `other-ink` or `wrong-length`; "
            "`/problems/low-confidence`, and likewise for the others, says more"
        ),
    ] = None
    box: Box
    digits: list[DigitOfNumber]
    alternatives: Annotated[list[OtherText], Field(description="the next best texts, the likeliest first")]


class Numbers(BaseModel):
    """The numbers that the service reads on one page."""

    model_config = ConfigDict(
        protected_namespaces=(),
        json_schema_extra={
            "example": {
                "numbers": [
                    {
                        "text": "47",
                        "confidence": 0.971,
                        "accepted": True,
                        "box": [12, 20, 86, 61],
                        "digits": [
                            {"digit": 4, "confidence": 0.9985, "box": [12, 22, 40, 59]},
                            {"digit": 7, "confidence": 0.9722, "box": [60, 20, 38, 60]},
                        ],
                        "alternatives": [{"text": "41", "confidence": 0.02}],
                    }
                ],
                "text": "47",
                "model_version": "1",
                "request_id": "6f1d0a3b5c7e9f20",
            }
        },
    )

    numbers: Annotated[list[Number], Field(description="top to bottom, left to right; empty if the page shows none")]
    text: Annotated[str, Field(description="the numbers, joined by blanks, and the lines, joined by line breaks")]
    model_version: ModelVersion
    request_id: str


class NumbersBatch(BaseModel):
    """The numbers of one page or one problem an image, in the order they were sent."""

    items: list[Numbers | ProblemDetail]
    total: int
