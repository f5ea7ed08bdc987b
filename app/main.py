"""`create_app(settings)` and its lifespan: the only place that wires objects together.

numeral serve            (or: uvicorn --factory app.main:create_app)
"""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import FrameType

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from fastapi_offline import FastAPIOffline
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from app.container import stop_retrainings, tell_retrainings_to_stop
from app.db import Database
from app.engines import ANSWER_SECONDS
from app.envelope import Envelope
from app.errors import MethodNotAllowed, NotFound, Problem, image_problem, invalid_field, render
from app.events import EventHub
from app.predict import Predictor
from app.process import die_with_parent
from app.routes import audit, health, jobs, predict, problems, samples, versions
from app.schemas.problems import documented
from app.serving import ActiveModel
from app.settings import Settings, load_settings
from model.image import ImageError
from model.store import Store

DESCRIPTION = "Reads a handwritten digit from an image, and gets better at it from its users' corrections."


def create_app(settings: Settings | None = None) -> ASGIApp:
    """The service as an ASGI app, with the given settings or the environment's."""
    api = create_api(settings or load_settings())
    return Envelope(api, direct=predict.direct(api.state.predictor))


def create_api(settings: Settings) -> FastAPI:
    """What FastAPI serves and documents."""
    store = Store(settings.weights_dir)
    app = FastAPIOffline(  # whose /docs needs no file of another server
        title="Numeral",
        version=health.NUMERAL_VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        responses=documented("default"),
    )
    app.state.settings = settings
    app.state.store = store
    app.state.database = Database(settings.database_url, ANSWER_SECONDS)
    app.state.model = ActiveModel(store, Store(settings.shipped_weights_dir))
    app.state.predictor = Predictor(settings, app.state.model)
    app.state.draining = False
    app.state.told_to_stop = {}
    app.state.event_hub = EventHub(app.state.database, app.state.model, lambda: bool(app.state.draining))
    for part in (predict, health, samples, jobs, versions, audit, problems):
        app.include_router(part.router)
    app.add_route("/", lambda _: RedirectResponse("docs"), include_in_schema=False)
    for error, handler in HANDLERS.items():
        app.add_exception_handler(error, handler)
    return app


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Load the model before the first request; let go of everything after the last one."""
    if multiprocessing.parent_process() is not None:  # one of several workers
        die_with_parent(signal.SIGTERM)
    app.state.model.start()
    app.state.database.watch()
    announce_draining(app)
    gc.collect()
    gc.freeze()  # what was made until now stays: a full collection need not walk through it while requests wait
    yield
    await run_in_threadpool(stop_retrainings, app.state.database, app.state.store, app.state.told_to_stop)
    app.state.model.stop()
    app.state.predictor.close()
    app.state.database.close()


def announce_draining(app: FastAPI) -> None:
    """From SIGTERM on, `/readyz` answers 503 on connections that are still open; then the server stops as ever."""
    previous = signal.getsignal(signal.SIGTERM)

    def drain(number: int, frame: FrameType | None) -> None:
        app.state.draining = True
        app.state.told_to_stop = tell_retrainings_to_stop()
        if callable(previous):
            previous(number, frame)

    signal.signal(signal.SIGTERM, drain)


async def on_problem(request: Request, error: Exception) -> Response:
    """Any exception that a route let through, as problem+json."""
    status, headers, body = render(as_problem(error), request.state.request_id)
    return Response(body, status, headers)


def as_problem(error: Exception) -> Problem:
    """The problem that an exception is to a client."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, ImageError):
        return image_problem(error)
    if isinstance(error, RequestValidationError):
        return invalid_field(error.errors())
    if isinstance(error, HTTPException) and error.status_code == 404:
        return NotFound()
    if isinstance(error, HTTPException) and error.status_code == 405:
        problem = MethodNotAllowed()
        problem.headers.update(error.headers or {})
        return problem
    return Problem()


HANDLERS = dict.fromkeys((Problem, ImageError, RequestValidationError, HTTPException, Exception), on_problem)
