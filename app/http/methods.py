"""HEAD and OPTIONS for every path, and an `Allow` header that lists all of the path's methods.

FastAPI's routes do not answer HEAD, and Starlette's router lists only the methods of the first route with the path.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Match, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ALL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WHOLE_SERVICE = "GET, HEAD, POST, PUT, DELETE, OPTIONS"
SHOWN_AS = {"GET": "GET, HEAD"}


class CommonMethods:
    """Middleware that answers OPTIONS, and HEAD as GET without the body."""

    def __init__(self, app: ASGIApp, router: Router) -> None:
        self.app = app
        self.router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or pass it on."""
        method = scope["method"] if scope["type"] == "http" else None
        if method == "OPTIONS" and (allow := allowed(self.router, scope)):
            await Response(status_code=204, headers={"Allow": allow})(scope, receive, send)
        elif method == "HEAD" and matches(self.router, scope, "GET"):
            await without_body(self.app, scope, receive, send)
        else:
            await self.app(scope, receive, send)


def allowed(router: Router, scope: Scope) -> str:
    """The value of `Allow` for the request's path; an empty string when no route has it.

    For `*`, the service as a whole (RFC 9110, 9.3.7), every method that is taken somewhere.
    """
    if scope["path"].removeprefix(scope.get("root_path", "")) == "*":
        return WHOLE_SERVICE
    methods = [SHOWN_AS.get(method, method) for method in ALL_METHODS if matches(router, scope, method)]
    return ", ".join([*methods, "OPTIONS"] if methods else [])


def matches(router: Router, scope: Scope, method: str) -> bool:
    """Whether a route has the request's path and the method."""
    asked = {**scope, "method": method}
    return any(route.matches(asked)[0] is Match.FULL for route in router.routes)


async def without_body(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer like GET, but send no body. The app then sees a disconnect, so that an endless stream ends."""
    ended = False

    async def receive_until_ended() -> Message:
        return {"type": "http.disconnect"} if ended else await receive()

    async def send_headers(message: Message) -> None:
        nonlocal ended
        if message["type"] == "http.response.start":
            ended = True
            await send(message)
            await send({"type": "http.response.body", "body": b""})

    inner = {**scope, "method": "GET"}
    try:
        await app(inner, receive_until_ended, send_headers)
    finally:
        scope.update({name: inner[name] for name in ("route", "endpoint") if name in inner})
