"""Middleware that sends predictions directly to plain ASGI apps, without routing and dependencies.

It is the innermost middleware but one, so all others (CORS, telemetry, …) apply to these requests, too.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

ROUTE = "numeral.route"  # in the scope: the path of a direct route, as FastAPI leaves a `route` for its own


class FastPath:
    """Passes a request to the app of its path in `direct` when its method is in `methods`, else to `app`.

    direct: path, without the root path → ASGI app.
    """

    def __init__(self, app: ASGIApp, direct: Mapping[str, ASGIApp], methods: frozenset[str]) -> None:
        self.app = app
        self.direct = direct
        self.methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        app = self.app
        if scope["type"] == "http" and scope["method"] in self.methods:
            path = scope["path"]
            if root_path := scope.get("root_path"):
                path = path.removeprefix(root_path)
            if direct := self.direct.get(path):
                app = direct
                scope[ROUTE] = path
        await app(scope, receive, send)
