"""Methods that every path answers alike: HEAD where GET is, OPTIONS, and an `Allow` that names them all.

Starlette's router names the methods of the first route with a path only, and FastAPI's routes answer no HEAD.
"""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Match, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
SHOWN_AS = {"GET": "GET, HEAD"}


class CommonMethods:
    """ASGI middleware next to the router: it answers OPTIONS, and HEAD as it would GET, without the body."""

    def __init__(self, app: ASGIApp, router: Router) -> None:
        self.app = app
        self.router = router

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        method = scope["method"] if scope["type"] == "http" else None
        if method == "OPTIONS" and (allow := allowed(self.router, scope)):
            await Response(status_code=204, headers={"Allow": allow})(scope, receive, send)
        elif method == "HEAD" and matches(self.router, scope, "GET"):
            await without_body(self.app, scope, receive, send)
        else:
            await self.app(scope, receive, send)


def allowed(router: Router, scope: Scope) -> str:
    """The `Allow` header of the request's path; empty where nothing is at it."""
    methods = [SHOWN_AS.get(method, method) for method in METHODS if matches(router, scope, method)]
    return ", ".join([*methods, "OPTIONS"] if methods else [])


def matches(router: Router, scope: Scope, method: str) -> bool:
    """Whether the path of the request takes the method."""
    asked = {**scope, "method": method}
    return any(route.matches(asked)[0] is Match.FULL for route in router.routes)


async def without_body(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as the app answers GET, but end with the headers; a stream sees its client leave."""
    ended = False

    async def receive_until_ended() -> Message:
        return {"type": "http.disconnect"} if ended else await receive()

    async def send_headers(message: Message) -> None:
        nonlocal ended
        if message["type"] == "http.response.start":
            ended = True
            await send(message)
            await send({"type": "http.response.body", "body": b""})

    await app({**scope, "method": "GET"}, receive_until_ended, send_headers)
