"""Kept pictures in the API, as they are listed for review."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.values import ModelVersion, Share, Time


class ShadowAnswer(BaseModel):
    """What a version in the shadow read in the same picture."""

    model_config = ConfigDict(protected_namespaces=())

    text: str
    confidence: Share
    model_version: str


class KeptPicture(BaseModel):
    """A picture that was answered, and is kept."""

    model_config = ConfigDict(protected_namespaces=())

    id: int
    request_id: Annotated[
        str, Field(description="of its request; POST /samples takes it, with a label, as a correction")
    ]
    item: Annotated[int | None, Field(description="its place in a batch, from 0; null for a request with one picture")]
    path: Annotated[str, Field(description="of the route that answered, `/predict` or `/read`")]
    text: Annotated[str, Field(description="the digit or the numbers that were answered")]
    confidence: Annotated[Share, Field(description="of the number that is least sure")]
    accepted: bool
    reason: str | None
    model_version: ModelVersion
    shadow: Annotated[ShadowAnswer | None, Field(description="another version's answer, if it differs")]
    kept_at: Time


class ReviewList(BaseModel):
    """A page of kept pictures, the most useful first."""

    items: list[KeptPicture]
    total: int
    next: Annotated[str | None, Field(description="cursor of the next page")]
