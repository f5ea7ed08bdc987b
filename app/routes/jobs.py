"""`/admin/retrain` and `/admin/jobs`: start, follow and cancel retrainings."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse
from pydantic import Field, ValidationError

from app.http.encodings import ContentReader
from app.http.errors import InvalidField, Problem, invalid_field
from app.http.security import Admin
from app.jobs import records, supervisor
from app.jobs.events import NothingMore
from app.jobs.reporting import conclude
from app.jobs.states import State
from app.observability.tracing import environment_of_child
from app.routes.paging import Paging, is_number, next_cursor
from app.routes.versions import WeightsUnwritable
from app.schemas.examples import RETRAININGS
from app.schemas.jobs import Job, JobList, RetrainRequest
from app.schemas.json_body import as_utf8
from app.schemas.openapi import reference
from app.schemas.problems import documented
from model.errors import StoreError

MAX_OPTIONS_BYTES = 10_000
EVENT_ID_DIGITS = 9
UNBUFFERED = {"X-Accel-Buffering": "no"}  # asks nginx to pass each event on at once (ngx_http_proxy_module)
IdempotencyKey = Annotated[
    Annotated[str, Field(max_length=128)] | None, Header(description="requests with the same key start only one job")
]
LastEventId = Annotated[
    Annotated[str, Field(json_schema_extra={"pattern": f"^[0-9]{{0,{EVENT_ID_DIGITS}}}$"})] | None,
    Header(description="id of the last event that you have; the stream begins after it"),
]


class UnknownOption(Problem):
    status, slug, title = 422, "unknown-option", "There is no such retrain option"
    remedy = "The options are epochs, learning_rate, seed, patience, from and promote; see /docs."


class OptionOutOfRange(Problem):
    status, slug, title = 422, "option-out-of-range", "A retrain option has an invalid value"
    remedy = "The `errors` list names each option and what it must be."


class TrainerUnavailable(Problem):
    status, slug, title = 503, "trainer-unavailable", "The training process can't be started now"
    remedy = "The operator should look at the machine's memory and its limit of processes."


class TrainingNotInstalled(Problem):
    status, slug, title = 501, "training-not-installed", "This service was installed without what training needs"
    remedy = "The operator can install numeral[train], or the image's target `full`, on the same weights and database."


def give_up_lost(request: Request, admin: Admin) -> None:
    """Dependency: before each answer about jobs, mark a job as interrupted when its trainer is lost."""
    state = request.app.state
    records.sweep(state.database, state.store, state.settings.queue_seconds)


router = APIRouter(prefix="/admin", tags=["admin"], responses=documented(401, 403, 503))
Swept = Depends(give_up_lost)


async def retrain_options(request: Request, admin: Admin) -> RetrainRequest:
    """Parse the body, which may be empty. Raises Problem."""
    content: ContentReader = request.app.state.content
    body = as_utf8(await content.read(request.scope, request.receive, MAX_OPTIONS_BYTES))
    try:
        return RetrainRequest.model_validate_json(body or b"{}")
    except ValidationError as error:
        raise option_problem(error) from None


def option_problem(error: ValidationError) -> Problem:
    """The problem with the options: invalid JSON, an unknown option, or a value out of range."""
    errors = error.errors(include_url=False, include_input=False, include_context=False)
    general = invalid_field(errors)
    if errors[0]["type"] == "json_invalid" or not errors[0]["loc"]:
        return general
    kind = UnknownOption if any(each["type"] == "extra_forbidden" for each in errors) else OptionOutOfRange
    return kind(general.detail, extra=general.extra)


OPTIONS_BODY = {
    "requestBody": {"content": {"application/json": {"schema": reference(RetrainRequest), "examples": RETRAININGS}}}
}


@router.post(
    "/retrain",
    status_code=202,
    openapi_extra=OPTIONS_BODY,
    responses=documented(400, 408, 409, 413, 422, 501),
    dependencies=[Swept],
)
def retrain(
    request: Request,
    response: Response,
    admin: Admin,
    options: Annotated[RetrainRequest, Depends(retrain_options)],
    idempotency_key: IdempotencyKey = None,
) -> Job:
    """Train a new version on MNIST and the samples. 409 while another retraining is under way."""
    state = request.app.state
    chosen = options.model_dump(by_alias=True, exclude_none=True)
    if find_spec("torch") is None:  # looked for, never imported: it comes with the extra `train`
        raise TrainingNotInstalled()
    try:
        state.store.check_writable()
    except StoreError as error:
        raise WeightsUnwritable(f"{error}.") from None
    row, is_new = records.create(state.database, admin, chosen, idempotency_key)
    if is_new:
        try:
            supervisor.start(row["id"], environment_of_child())
        except OSError as error:
            why = f"The training process can't be started: {error.strerror}."
            conclude(state.database, row["id"], state.store, State.FAILED, why)
            raise TrainerUnavailable(why) from error
    response.headers["Location"] = records.address(row["id"])
    return Job(**row)


@router.get("/jobs", responses=documented(422), dependencies=[Swept])
def list_jobs(request: Request, admin: Admin, page: Paging) -> JobList:
    """Jobs, newest first."""
    rows, total = records.page(request.app.state.database, page.cursor, page.limit)
    items = [Job(**row) for row in rows]
    return JobList(items=items, total=total, next=next_cursor(rows, page.limit, "number"))


@router.get("/jobs/{job_id}", responses=documented(404), dependencies=[Swept])
def get_job(request: Request, admin: Admin, job_id: str) -> Job:
    """One job: state, progress, metrics, the gate's reasons, the end of its log."""
    return Job(**records.get(request.app.state.database, job_id))


@router.post("/jobs/{job_id}/cancel", status_code=202, responses=documented(404, 409), dependencies=[Swept])
def cancel_job(request: Request, admin: Admin, job_id: str) -> Job:
    """Ask the trainer to stop; the job is `cancelled` a moment later."""
    return Job(**records.request_cancel(request.app.state.database, job_id, admin))


@router.get(
    "/jobs/{job_id}/events",
    response_class=StreamingResponse,  # with EventSourceResponse FastAPI takes the function for a generator
    responses={200: {"content": {"text/event-stream": {}}}, 204: {"description": "No more"}, **documented(404, 422)},
)
async def follow_job(request: Request, admin: Admin, job_id: str, last_event_id: LastEventId = None) -> Response:
    """Server-sent events of the job, from the first or from `Last-Event-ID` on, until it ends.

    204 for a client that has all of them, so that an EventSource stops reconnecting.
    """
    if last_event_id and not is_number(last_event_id, EVENT_ID_DIGITS):
        raise InvalidField(("Last-Event-ID", "must be the id of an event"))
    try:
        stream = await request.app.state.event_hub.follow(job_id, int(last_event_id or 0))
    except NothingMore:
        return Response(status_code=204)
    return EventSourceResponse(stream, headers={"Cache-Control": "no-store", **UNBUFFERED})
