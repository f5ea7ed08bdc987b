"""What wraps every request from outside: its id, and the promise that whatever breaks is told as a problem."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.body import ClientLeft, drain, header
from app.errors import Problem, render

log = logging.getLogger(__name__)

NOSNIFF = (b"x-content-type-options", b"nosniff")  # what is JSON or a picture is never taken for a page
SANE_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")


class Envelope:
    """The outermost ASGI app: gives each request an id, and renders problems that nothing inside has answered.

    direct: apps for the paths whose `POST` is worth a way past the router and what FastAPI wraps around it.
    """

    def __init__(self, app: ASGIApp, direct: Mapping[str, ASGIApp]) -> None:
        self.app = app
        self.direct = direct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer for what breaks."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = given_id(scope) or os.urandom(8).hex()
        scope["state"]["request_id"] = request_id
        id_header = (b"x-request-id", request_id.encode())
        started = False

        async def send_with_id(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), id_header, NOSNIFF]
            await send(message)

        app = self.direct.get(scope["path"], self.app) if scope["method"] == "POST" else self.app
        try:
            await app(scope, receive, send_with_id)
        except ClientLeft:
            return
        except Exception as error:
            problem = error if isinstance(error, Problem) else Problem()
            if problem is not error:
                log.exception("%s %s failed, request %s", scope["method"], scope["path"], request_id)
            if not started:
                await send_problem(problem, request_id, receive, send_with_id)


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
