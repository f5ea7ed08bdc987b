"""`/livez`, `/readyz`, `/healthz`: open to everybody, always."""

from __future__ import annotations

import time
from importlib.metadata import version

from fastapi import APIRouter, Request, Response
from starlette.datastructures import State

from app.schemas.health import Health, Live, Status

STARTED = time.monotonic()
NUMERAL_VERSION = version("numeral")

router = APIRouter(tags=["health"])


def status_of(state: State) -> Status:
    """Whether the app of this state answers predictions, or why not."""
    if state.draining.begun:
        return "draining"
    return "ok" if state.model.classifier else "loading"


@router.get("/livez", summary="Is the process up?")
async def livez() -> Live:
    """200 as long as the process answers at all."""
    return Live()


@router.get("/readyz", summary="Does it answer predictions?", responses={503: {"model": Health}})
@router.get("/healthz", name="healthz", summary="Both, with versions and uptime", responses={503: {"model": Health}})
async def readyz(request: Request, response: Response) -> Health:
    """200 once a model is loaded and warm; 503 until then and while the process drains before it stops."""
    state = request.app.state
    classifier = state.model.classifier
    status = status_of(state)
    response.headers["Cache-Control"] = "no-store"  # true for this moment only
    if status != "ok":
        response.status_code = 503
    return Health(
        status=status,
        version=NUMERAL_VERSION,
        model_version=str(classifier.version) if classifier else None,
        uptime_seconds=round(time.monotonic() - STARTED, 3),
        warning=" ".join(filter(None, (state.model.warning, state.database.warning, state.keys.warning))) or None,
    )
