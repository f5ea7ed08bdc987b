"""Middleware that sends predictions to plain ASGI apps, past routing and dependencies; the innermost but one.

Every other middleware sees these requests like any other, so CORS, telemetry and whatever else is added wrap them too.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import ASGIApp, Receive, Scope, Send


class FastPath:
    """Passes a request whose method is in `methods` to the app of its path, and every other one to `app`.

    direct: ASGI apps by their paths, below the root path.
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
            app = self.direct.get(path, app)
        await app(scope, receive, send)
