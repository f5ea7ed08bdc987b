"""`/admin/retrain` and `/admin/jobs`: start, follow and cancel retrainings."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.engine import RowMapping

from app import jobs, supervisor
from app.db import as_time
from app.errors import InvalidField
from app.routes.paging import Cursor, Limit, next_cursor
from app.schemas.jobs import Job, JobList, RetrainRequest
from app.security import Admin

router = APIRouter(prefix="/admin", tags=["admin"])

TIMES = ("created_at", "started_at", "finished_at")
IdempotencyKey = Annotated[str | None, Header(max_length=128, description="the same key starts one job only")]


@router.post("/retrain", status_code=202)
def retrain(
    request: Request,
    response: Response,
    admin: Admin,
    options: RetrainRequest | None = None,
    idempotency_key: IdempotencyKey = None,
) -> Job:
    """Train a new version from the samples, beside MNIST; 409 while another retraining is under way."""
    database = request.app.state.database
    chosen = (options or RetrainRequest()).model_dump(by_alias=True, exclude_none=True)
    row, is_new = jobs.create(database, admin, chosen, idempotency_key)
    if is_new:
        supervisor.start(row["id"])
    response.headers["Location"] = jobs.address(row["id"])
    return Job(**shown(row))


@router.get("/jobs")
def list_jobs(request: Request, admin: Admin, limit: Limit = 50, cursor: Cursor = None) -> JobList:
    """Jobs, newest first."""
    database = request.app.state.database
    jobs.sweep(database)
    rows, total = jobs.page(database, cursor, limit)
    return JobList(items=[Job(**shown(row)) for row in rows], total=total, next=next_cursor(rows, limit, "number"))


@router.get("/jobs/{job_id}")
def read_job(request: Request, admin: Admin, job_id: str) -> Job:
    """One job: state, progress, metrics, the gate's reasons, the end of its log."""
    database = request.app.state.database
    jobs.sweep(database)
    return Job(**shown(jobs.get(database, job_id)))


@router.post("/jobs/{job_id}/cancel", status_code=202)
def cancel_job(request: Request, admin: Admin, job_id: str) -> Job:
    """Ask the trainer to stop; the job is `cancelled` a moment later."""
    return Job(**shown(jobs.request_cancel(request.app.state.database, job_id, admin)))


@router.get("/jobs/{job_id}/events", response_class=StreamingResponse)
async def follow_job(
    request: Request, admin: Admin, job_id: str, last_event_id: Annotated[str | None, Header()] = None
) -> StreamingResponse:
    """Server-sent events of the job, from the first or from `Last-Event-ID` on, until it ends."""
    if last_event_id and not last_event_id.isdecimal():
        raise InvalidField("Last-Event-ID: must be the id of an event.")
    stream = await request.app.state.event_hub.follow(job_id, int(last_event_id or 0))
    return StreamingResponse(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


def shown(row: RowMapping) -> dict[str, Any]:
    """The row as the schema takes it."""
    return {**row, **{name: as_time(row[name]) for name in TIMES}}
