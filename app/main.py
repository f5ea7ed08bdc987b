"""`create_app(settings)` and its lifespan: the only place that wires objects together.

numeral serve            (or: uvicorn --factory app.main:create_app)
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from app.database.database import Database
from app.database.timeouts import ANSWER_SECONDS
from app.feedback.collector import Collector
from app.http.body import BodyBudget
from app.http.conditional import Compression, ConditionalRequests
from app.http.draining import Draining
from app.http.encodings import ContentReader
from app.http.envelope import Envelope
from app.http.errors import MethodNotAllowed, NotFound, Problem, invalid_field, render
from app.http.fast_path import FastPath
from app.http.key_file import KeyScope
from app.http.keys import KeyRing
from app.http.methods import CommonMethods, allowed
from app.http.pages import add_pages
from app.http.protocol import ON_REFUSAL
from app.http.security import KeyCheck
from app.inference.active_model import ActiveModel
from app.inference.predictor import Predictor
from app.jobs.events import EventHub
from app.jobs.process import die_with_parent
from app.jobs.stopping import Stopper
from app.observability import tracing
from app.observability.counting import count_requests
from app.observability.requests import Requests, paths_of_pages
from app.observability.trace_context import trace_id_sent
from app.routes import archive, audit, direct, health, jobs, metrics, predict, problems, read, review, samples, versions
from app.routes.protocols import chosen, inference
from app.schemas.openapi import DocumentedApi
from app.schemas.problems import documented
from app.settings import Settings, load_settings
from model import faults
from model.preprocessing.decoding.c_libraries import return_large_blocks
from model.registry.store import Store

log = logging.getLogger("numeral")

DESCRIPTION = "Reads a handwritten digit, or every number on a page, and gets better at it from its users' corrections."

SWITCH_SECONDS = 0.0005  # after which a thread that reads a page lets the event loop go on; Python's default is 0.005


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service as an ASGI app, with the given settings or those from the environment.

    When you mount it in another app, run its lifespan within that app's:

        digits = create_app()
        site = FastAPI(lifespan=lambda _: digits.router.lifespan_context(digits))
        site.mount("/digits", digits)
    """
    settings = settings or load_settings()
    is_traced = tracing.is_wanted(os.environ)
    app = DocumentedApi(
        title="Numeral",
        version=health.NUMERAL_VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # `app.http.pages` serves /docs
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,  # generated clients name their functions after it
        responses=documented("default"),
        telemetry=tracing.telemetry(is_traced),
    )
    wire(app.state, settings, is_traced)
    for part in (predict, read, health, metrics, review, samples, archive, jobs, versions, audit, problems):
        app.include_router(part.router)
    for router in chosen.routers(settings):
        app.include_router(router)
    for error in (Problem, RequestValidationError, HTTPException):
        app.add_exception_handler(error, on_problem)
    add_pages(app)
    wrap(app, settings, is_traced)
    return app


def wire(state: State, settings: Settings, is_traced: bool) -> None:
    """Create the objects that routes share."""
    store = Store(settings.weights_dir)
    database = Database(settings.database_url, ANSWER_SECONDS)
    counting = count_requests(settings.metrics)
    model = ActiveModel(store, Store(settings.shipped_weights_dir), counting.recorder.model_changed)
    pictures = tracing.SpanRecorder(counting.recorder) if is_traced else counting.recorder
    predictor = Predictor(settings, model, pictures)
    stopper = Stopper(database, store)
    draining = Draining(settings.drain_seconds, on_signal=stopper.signal)
    state.settings = settings
    state.keys = KeyRing(settings)
    state.admin_check = KeyCheck(state.keys, KeyScope.ADMIN)
    state.teach_check = KeyCheck(state.keys, KeyScope.TEACH)
    state.predict_check = KeyCheck(state.keys, KeyScope.PREDICT)
    state.store = store
    state.database = database
    state.model = model
    state.predictor = predictor
    state.content = ContentReader(settings.body_timeout, BodyBudget(settings.max_bodies_bytes), predictor.in_thread)
    state.collector = Collector(settings, database, predictor)
    state.stopper = stopper
    state.draining = draining
    state.recorder = counting.recorder
    state.scrape = counting.scrape(metrics.SharedState(model, database, settings.queue_seconds))
    state.event_hub = EventHub(database, model, settings.queue_seconds, is_draining=lambda: draining.begun)


def wrap(app: FastAPI, settings: Settings, is_traced: bool) -> None:
    """Add the middleware, innermost first."""
    state = app.state
    endpoints = predict.ENDPOINTS | read.ENDPOINTS | chosen.endpoints(settings)
    apps = direct.apps_of(endpoints, state.predictor, state.content, state.predict_check)
    trace_id = trace_id_sent
    if is_traced:
        apps = {path: tracing.with_route(path, direct_app) for path, direct_app in apps.items()}
        trace_id = tracing.trace_id
    state.requests = Requests(
        state.recorder, paths_of_pages(app.routes), settings.log_requests, state.model.version, trace_id
    )
    app.add_middleware(ConditionalRequests)
    app.add_middleware(Compression)
    app.add_middleware(CommonMethods, router=app.router)
    app.add_middleware(FastPath, direct=apps, methods=direct.METHODS)
    app.add_middleware(
        Envelope,
        root_path=settings.root_path,
        bodies=state.content.budget,
        is_draining=lambda: bool(state.draining.begun),
        observer=state.requests,
    )
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("DELETE", "GET", "HEAD", "POST", "PUT"),
            allow_headers=(
                *("Authorization", "Content-Encoding", "Idempotency-Key", "If-None-Match", "Last-Event-ID"),
                *(inference.HEADER_LENGTH, "traceparent", "X-Request-ID"),
            ),
            expose_headers=("Allow", "ETag", "Location", "Retry-After", inference.HEADER_LENGTH, "X-Request-ID"),
        )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, object]]:
    """Load the model before the first request; stop and close everything after the last one."""
    if multiprocessing.parent_process() is not None:  # this is one of several workers
        die_with_parent(signal.SIGTERM)
    return_large_blocks()
    app.state.model.start()
    app.state.keys.start()
    app.state.database.watch()
    app.state.collector.start()
    if threading.current_thread() is threading.main_thread():  # only there can Python handle signals
        app.state.draining.listen()
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()  # objects made so far are permanent; later collections skip them, so requests wait less
    yield {ON_REFUSAL: app.state.requests.connection_refused}
    await run_in_threadpool(app.state.stopper.stop)
    app.state.collector.stop()
    app.state.model.stop()
    app.state.keys.stop()
    app.state.predictor.close()
    app.state.recorder.flush()
    app.state.database.close()
    faults.fault_log.count_all(log)


async def on_problem(request: Request, error: Exception) -> Response:
    """Answer an exception that a route raised as problem+json."""
    problem = as_problem(error)
    if isinstance(problem, MethodNotAllowed):
        problem.headers["Allow"] = allowed(request.app.router, request.scope)
    request.state.problem = problem.slug
    faults.forget_frames(error)  # the frames hold the body in memory
    path = request.scope["path"].removeprefix(request.scope["root_path"])
    status, headers, body = render(problem, request.state.request_id, path)
    return Response(body, status, headers)


def as_problem(error: Exception) -> Problem:
    """The problem that the client gets for an exception."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return invalid_field({**each, "loc": each["loc"][1:]} for each in error.errors())  # without "query" or "path"
    if isinstance(error, HTTPException) and error.status_code == 404:
        return NotFound()
    if isinstance(error, HTTPException) and error.status_code == 405:
        return MethodNotAllowed()
    return Problem()
