"""Routes that skip FastAPI's routing and dependencies: what `/predict`, `/read` and the protocols share.

For speed, `FastPath` passes POST and PUT directly to the ASGI apps that `apps_of` makes here. The functions that such a
route's file gives to FastAPI never run for them. They exist so that OpenAPI documents the paths, and so that FastAPI
refuses other methods.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import Annotated

from fastapi import Query
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.body import header
from app.http.encodings import ContentReader
from app.http.errors import MethodNotAllowed, Overloaded
from app.http.queries import check_names, parameter
from app.http.security import KeyCheck
from app.inference.answered import Observe
from app.inference.predictor import Predictor
from app.inference.retained_versions import CANDIDATE
from model.classifier import Classifier

METHODS = frozenset({"POST", "PUT"})  # `curl -T 7.png` sends a PUT
MAX_LOOP_BYTES = 65_536  # of a body that is parsed on the event loop; a longer one could block it

VERSION = (
    "answer from this version instead of the one in use: its number, or `candidate` for the newest one, if it is newer "
    "than the one in use"
)
VersionAsked = Annotated[str | None, Query(description=VERSION, pattern=f"^([1-9][0-9]*|{CANDIDATE})$", examples=["1"])]

Endpoint = Callable[[Predictor, ContentReader, Scope, Receive, Send], Awaitable[None]]


def apps_of(
    endpoints: Mapping[str, Endpoint], predictor: Predictor, content: ContentReader, check: KeyCheck
) -> dict[str, ASGIApp]:
    """Path → the ASGI app that answers `METHODS` on it. check: of predict keys."""
    return {
        path: guarded(partial(endpoint, predictor, content), predictor, check) for path, endpoint in endpoints.items()
    }


def guarded(endpoint: ASGIApp, predictor: Predictor, check: KeyCheck) -> ASGIApp:
    """Wrap the endpoint: check the predict key, and limit the predictions in progress (`max_in_flight`)."""
    settings = predictor.settings

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if not check.ring.predict_is_open:
            check.name_of(header(scope, b"authorization"), scope.get("client"))
        if predictor.in_flight >= settings.max_in_flight:
            raise Overloaded
        predictor.in_flight += 1
        try:
            await endpoint(scope, receive, send)
        finally:
            predictor.in_flight -= 1

    return app


async def version_asked(predictor: Predictor, query: bytes, parameters: Collection[str]) -> Classifier | None:
    """The version that the query names; None for the one in use. parameters: all that the route takes.

    Raises InvalidField for another parameter, VersionNotFound, VersionDamaged.
    """
    if not query:
        return None
    check_names(query, parameters)
    name = parameter(query, "version")
    return None if name is None else await predictor.version(name)


def check_is_post(scope: Scope) -> None:
    """Raise MethodNotAllowed for a PUT, where a protocol knows only POST."""
    if scope["method"] != "POST":
        raise MethodNotAllowed(headers={"Allow": "POST, OPTIONS"})


def observer(predictor: Predictor, scope: Scope) -> Observe | None:
    """What is called with each answer, None if nothing is: also where the client forbids that its picture is kept.

    It does so by the request's `Cache-Control: no-store` (RFC 9111, 5.2.1.5).
    """
    observe = predictor.observe
    return None if observe is None or "no-store" in header(scope, b"cache-control") else observe


async def send_json(send: Send, body: bytes) -> None:
    """Send a 200 with a JSON body."""
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
