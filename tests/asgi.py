"""The ASGI apps of the direct routes, called without a server."""

from __future__ import annotations

from starlette.types import Message, Scope

from app.http.body import BodyBudget
from app.http.encodings import ContentReader
from app.http.envelope import Envelope
from app.http.fast_path import FastPath
from app.http.key_file import KeyScope
from app.http.keys import KeyRing
from app.http.security import KeyCheck
from app.inference.predictor import Predictor
from app.observability.requests import Requests
from app.observability.trace_context import trace_id_sent
from app.routes import predict, read
from app.routes.direct import METHODS, apps_of
from app.routes.protocols import inference


async def answer_of(predictor: Predictor, path: str, *received: Message) -> list[Message]:
    """The messages that the service sends on a path after these."""
    messages, sent = iter(received), []

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [], "state": {}}
    await wrapped(predictor)(scope, receive, send)
    return sent


def whole(body: bytes) -> Message:
    """The message with which a body comes that is not in pieces."""
    return {"type": "http.request", "body": body, "more_body": False}


def wrapped(predictor: Predictor) -> Envelope:
    """The ASGI apps by their paths, as in the service."""
    content = ContentReader(5.0, BodyBudget(1_000_000), predictor.in_thread)
    endpoints = predict.ENDPOINTS | read.ENDPOINTS | inference.ENDPOINTS
    apps = apps_of(endpoints, predictor, content, KeyCheck(KeyRing(predictor.settings), KeyScope.PREDICT))
    return Envelope(
        FastPath(broken, apps, METHODS),
        "",
        content.budget,
        lambda: False,
        Requests(predictor.recorder, {}, 0.0, predictor.model.version, trace_id_sent),
    )


async def broken(*_: object) -> None:
    raise AssertionError("the way past FastAPI was not taken")
