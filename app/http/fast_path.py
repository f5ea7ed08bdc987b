"""Middleware that sends predictions directly to plain ASGI apps, without routing and dependencies.

All middleware outside of it (CORS, telemetry, …) applies to these requests, too. Inside of it is only what a prediction
has no use for: HEAD and OPTIONS, compressed answers, conditional requests.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

ROUTE = "numeral.route"  # in the scope: the path of a direct route, as FastAPI leaves a `route` for its own


class FastPath:
    """Passes a request to the app of its path in `direct` when its method is in `methods`, else to `app`.

    direct: path, without the root path → ASGI app. A path may have parameters, as in `/v2/models/{model}/infer`; the
    app finds them in the scope's `path_params`.
    """

    def __init__(self, app: ASGIApp, direct: Mapping[str, ASGIApp], methods: frozenset[str]) -> None:
        self.app = app
        self.direct = {path: app for path, app in direct.items() if "{" not in path}
        self.templates = [(compile_path(path)[0], path, app) for path, app in direct.items() if "{" in path]
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
            else:
                app = self._with_parameters(path, scope) or app
        await app(scope, receive, send)

    def _with_parameters(self, path: str, scope: Scope) -> ASGIApp | None:
        """The app whose path has parameters and matches; it gets them in the scope."""
        for pattern, template, app in self.templates:
            if found := pattern.match(path):
                scope["path_params"] = found.groupdict()
                scope[ROUTE] = template
                return app
        return None
