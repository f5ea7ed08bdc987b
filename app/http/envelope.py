"""The outermost middleware: gives each request an id, and answers every exception as a problem (RFC 9457)."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter
from typing import Protocol

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.body import BodyBudget, ClientLeft, discard_rest, header
from app.http.errors import Problem, Stopping, render
from model import faults

log = logging.getLogger(__name__)

NOSNIFF = (b"x-content-type-options", b"nosniff")  # browsers must not interpret JSON or an image as a page
SANE_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


Header = tuple[bytes, bytes]
CLOSE: Header = (b"connection", b"close")


class RequestObserver(Protocol):
    """Hears of every request. `state["problem"]` of its scope is the slug of the problem that answers it, if one does.

    A request without an answer, because the client left, ends with status 0.
    """

    def began(self) -> None:
        """A request begins."""

    def ended(self, scope: Scope, status: int, seconds: float) -> None:
        """It has been answered, `seconds` later."""


class Envelope:
    """Middleware that sets the request id, ignores slashes at the path's end, and renders problems not yet answered.

    bodies: the budget to which a request's bytes are given back at its end.
    root_path: path prefix at a reverse proxy; used when neither the server nor the app around this one sets one.
    is_draining: whether the service is about to stop. Its answers then say `Connection: close`, so that a proxy sends
    the next request to another server.
    observer: hears of each request's begin and end.
    """

    def __init__(
        self,
        app: ASGIApp,
        root_path: str,
        bodies: BodyBudget,
        is_draining: Callable[[], bool],
        observer: RequestObserver,
    ) -> None:
        self.app = app
        self.root_path = root_path
        self.bodies = bodies
        self.is_draining = is_draining
        self.observer = observer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer an exception with a problem."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        root_path = scope["root_path"] = scope.get("root_path") or self.root_path
        if root_path or scope["path"].endswith("/"):
            scope["path"] = whole_path(scope["path"], root_path)
        request_id = given_id(scope) or new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        added = [(b"x-request-id", request_id.encode()), NOSNIFF]
        if self.is_draining():
            added.append(CLOSE)
        sender = Sender(send, root_path, added)
        self.observer.began()
        began = perf_counter()
        try:
            await self.app(scope, receive, sender)
        except ClientLeft:
            return
        except asyncio.CancelledError:
            if not self.is_draining():
                raise
            log.warning("%s %s, request %s, was cut off: the service stops", scope["method"], scope["path"], request_id)
            if not sender.started:
                scope["state"]["problem"] = Stopping.slug
                await send_problem(Stopping(), scope, receive, sender)
        except Exception as error:
            problem = error if isinstance(error, Problem) else Problem()
            scope["state"]["problem"] = problem.slug
            if problem is not error:
                faults.report(log, f"{scope['method']} {scope['path']}, request {request_id},", error)
            faults.forget_frames(error)  # the frames hold the body, and this frame the error: a reference cycle
            if not sender.started:
                await send_problem(problem, scope, receive, sender)
        finally:
            self.bodies.release(scope)
            self.observer.ended(scope, sender.status, perf_counter() - began)


class Sender:
    """Wraps `send`: adds headers to the response, and puts its Location under the root path.

    started: whether the response has begun, so that it is too late to send another; status: its status, 0 before.
    """

    def __init__(self, send: Send, root_path: str, added: Sequence[Header]) -> None:
        self.started = False
        self.status = 0
        self._send = send
        self._root_path = root_path
        self._added = added

    async def __call__(self, message: Message) -> None:
        """Pass the message on."""
        if message["type"] == "http.response.start":
            self.started = True
            self.status = message["status"]
            headers = message.get("headers", ())
            kept = with_prefix(self._root_path, headers) if self._root_path else headers
            message["headers"] = [*kept, *self._added]
        await self._send(message)


def whole_path(path: str, root_path: str) -> str:
    """The path with the root path before it, as ASGI's HTTP scope has it, even when a proxy has removed the prefix.

    Slashes at the end are removed, except for that of the root itself.
    """
    if path != root_path and not path.startswith(f"{root_path}/"):
        path = root_path + path
    path = path.rstrip("/")
    return f"{path}/" if path == root_path else path


def with_prefix(root_path: str, headers: Iterable[Header]) -> list[Header]:
    """The headers, with the root path put before a Location that is a path."""
    prefix = root_path.encode()
    return [
        (name, prefix + value if name.lower() == b"location" and value.startswith(b"/") else value)
        for name, value in headers
    ]


def new_id() -> str:
    """A random id for a request that has none."""
    return os.urandom(8).hex()


def given_id(scope: Scope) -> str | None:
    """The client's X-Request-ID, if it is short and plain enough for headers and logs (SANE_ID)."""
    given = header(scope, b"x-request-id")
    return given if given and SANE_ID.fullmatch(given) else None


async def send_problem(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with a problem. When the body is still arriving, discard the rest of it after the answer is sent."""
    path = scope["path"].removeprefix(scope["root_path"])
    status, headers, body = render(problem, scope["state"]["request_id"], path)
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    body_is_unread = headers.get("Connection") == "close"
    await send({"type": "http.response.body", "body": body, "more_body": body_is_unread})
    if body_is_unread:
        await discard_rest(receive)
        await send({"type": "http.response.body", "body": b""})
