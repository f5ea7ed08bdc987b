"""Versions and the audit in the API."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from app.schemas.values import Time


class Version(BaseModel):
    """A version of the weights."""

    version: int
    current: bool
    intact: Annotated[bool, Field(description="whether every file is what the manifest says")]
    parent: int | None
    created_at: Time | None
    metrics: Annotated[dict[str, Any], Field(description="by the set they were measured on")]
    problem: Annotated[str | None, Field(description="what is wrong with it, if it is not intact")] = None


class VersionDetail(Version):
    """A version with its whole manifest."""

    manifest: dict[str, Any] | None


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
