"""Retraining jobs in the API: the options of a request, a job, a page of jobs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.values import WHOLE, Time


class RetrainRequest(BaseModel):
    """How to retrain; everything may be left out."""

    model_config = ConfigDict(extra="forbid")

    epochs: Annotated[int, Field(strict=True, ge=1, le=1000), WHOLE] | None = None
    learning_rate: Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)] | None = None
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**63), WHOLE] | None = None
    patience: Annotated[
        Annotated[int, Field(strict=True, ge=0, le=1000), WHOLE] | None,
        Field(description="stop early after so many epochs without gain; 0: never"),
    ] = None
    from_: Annotated[Literal["current", "scratch"], Field(alias="from", description="the weights to begin with")] = (
        "current"
    )
    promote: Annotated[
        Literal["auto", "manual"], Field(description="`manual`: the new version waits until somebody activates it")
    ] = "auto"


class Job(BaseModel):
    """A retraining job."""

    id: str
    state: Annotated[
        Literal["queued", "running", "evaluating", "promoted", "kept", "failed", "cancelled", "interrupted"],
        Field(description="the last five are final"),
    ]
    created_at: Time
    started_at: Time | None
    finished_at: Time | None
    options: dict[str, Any]
    progress: Annotated[dict[str, Any] | None, Field(description="stage, epoch, step, loss, accuracy, eta_seconds")]
    metrics: dict[str, Any] | None
    reasons: Annotated[list[str], Field(description="why the gate promoted or kept the new version")]
    version: Annotated[int | None, Field(description="the new version, once it is published")]
    error: str | None
    log: Annotated[str, Field(description="the end of the trainer's log")]


class JobList(BaseModel):
    """A page of jobs, newest first."""

    items: list[Job]
    total: int
    next: str | None
