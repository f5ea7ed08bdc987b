"""Versions and the audit in the API."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from app.schemas.values import Share, Time


class Version(BaseModel):
    """A version of the weights."""

    version: int
    current: bool
    intact: Annotated[bool, Field(description="whether every file is what the manifest says")]
    parent: int | None
    created_at: Time | None
    metrics: Annotated[dict[str, Any], Field(description="by the set they were measured on")]
    problem: Annotated[str | None, Field(description="what is wrong with it, if it is not intact")] = None


class Shadow(BaseModel):
    """How a version has judged live pictures besides the one in use, the latest time."""

    version: int
    active: bool
    share: Annotated[float, Field(gt=0, le=1, description="of the pictures")]
    judged: Annotated[int, Field(description="pictures")]
    agreed: Annotated[int, Field(description="of them, those in which it read the text that was answered")]
    agreement: Annotated[Share | None, Field(description="`agreed` / `judged`; null before the first picture")]
    accepted: Annotated[int, Field(description="those that it accepted")]
    accepted_live: Annotated[int, Field(description="those that were accepted as they were answered")]
    failed: Annotated[int, Field(description="pictures in which it failed, which are not in `judged`")]
    differences: Annotated[str, Field(description="where those pictures are listed on which it differs, if kept")]
    actor: Annotated[str, Field(description="name of the key that began it")]
    started_at: Time
    ended_at: Time | None
    ended_why: str | None


class VersionDetail(Version):
    """A version with its whole manifest."""

    manifest: dict[str, Any] | None
    shadow: Annotated[Shadow | None, Field(description="null if it was never in the shadow, or without a database")] = (
        None
    )


class VersionList(BaseModel):
    """All versions, newest first."""

    items: list[Version]
    total: int
    next: None = None


class AuditRecord(BaseModel):
    """Who did what, and when."""

    id: int
    created_at: Time
    actor: Annotated[str, Field(description="name of the key, never the key")]
    action: str
    subject: str
    detail: dict[str, Any]


class AuditList(BaseModel):
    """A page of the audit, newest first."""

    items: list[AuditRecord]
    total: int
    next: str | None
