"""What wraps every request: its id, and the promise that whatever breaks is answered as a problem."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Callable, Iterable, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.body import BodyBudget, ClientLeft, drain, header
from app.http.errors import Problem, Stopping, render
from model import faults

log = logging.getLogger(__name__)

NOSNIFF = (b"x-content-type-options", b"nosniff")  # what is JSON or a picture is never taken for a page
SANE_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


Header = tuple[bytes, bytes]
CLOSE: Header = (b"connection", b"close")


class Envelope:
    """Middleware that gives each request an id, ignores slashes at its path's end, and renders unanswered problems.

    bodies: what bodies take, of which a request's share is given back at its end.
    root_path: path under which a proxy offers the service, where the server or the app around it names none.
    is_draining: whether the service is about to stop; its answers then ask the client for another connection, so that
    a proxy's next request goes to another server.
    """

    def __init__(self, app: ASGIApp, root_path: str, bodies: BodyBudget, is_draining: Callable[[], bool]) -> None:
        self.app = app
        self.root_path = root_path
        self.bodies = bodies
        self.is_draining = is_draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer for what breaks."""
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
        try:
            await self.app(scope, receive, sender)
        except ClientLeft:
            return
        except asyncio.CancelledError:
            if not self.is_draining():
                raise
            log.warning("%s %s, request %s, was cut off: the service stops", scope["method"], scope["path"], request_id)
            if not sender.started:
                await send_problem(Stopping(), request_id, receive, sender)
        except Exception as error:
            problem = error if isinstance(error, Problem) else Problem()
            if problem is not error:
                faults.report(log, f"{scope['method']} {scope['path']}, request {request_id},", error)
            faults.forget_frames(error)  # which hold the body, and this one the error: a circle in memory
            if not sender.started:
                await send_problem(problem, request_id, receive, sender)
        finally:
            self.bodies.release(scope)


class Sender:
    """`send` with headers added to the answer, and its Location below the root path.

    started: whether the answer has begun, so that no other can be given.
    """

    def __init__(self, send: Send, root_path: str, added: Sequence[Header]) -> None:
        self.started = False
        self._send = send
        self._root_path = root_path
        self._added = added

    async def __call__(self, message: Message) -> None:
        """Pass the message on."""
        if message["type"] == "http.response.start":
            self.started = True
            headers = message.get("headers", ())
            kept = with_prefix(self._root_path, headers) if self._root_path else headers
            message["headers"] = [*kept, *self._added]
        await self._send(message)


def whole_path(path: str, root_path: str) -> str:
    """The path with the root path before it (ASGI, HTTP scope), also where a proxy took that away.

    Without slashes at its end, but for the root's own.
    """
    if path != root_path and not path.startswith(f"{root_path}/"):
        path = root_path + path
    path = path.rstrip("/")
    return f"{path}/" if path == root_path else path


def with_prefix(root_path: str, headers: Iterable[Header]) -> list[Header]:
    """The headers with a Location that is a path put below the root path, where the client finds it."""
    prefix = root_path.encode()
    return [
        (name, prefix + value if name.lower() == b"location" and value.startswith(b"/") else value)
        for name, value in headers
    ]


def new_id() -> str:
    """An id for a request that brought none."""
    return os.urandom(8).hex()


def given_id(scope: Scope) -> str | None:
    """The client's own request id, when it is short and plain enough to be put into headers and logs."""
    given = header(scope, b"x-request-id")
    return given if given and SANE_ID.fullmatch(given) else None


async def send_problem(problem: Problem, request_id: str, receive: Receive, send: Send) -> None:
    """Answer with a problem; when the body is still arriving, drop the rest of it after the answer is out."""
    status, headers, body = render(problem, request_id)
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    raw.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": raw})
    body_is_unread = headers.get("Connection") == "close"
    await send({"type": "http.response.body", "body": body, "more_body": body_is_unread})
    if body_is_unread:
        await drain(receive)
        await send({"type": "http.response.body", "body": b""})
