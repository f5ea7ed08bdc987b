"""What is noted of each request when it ends: its metrics, and a line in the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from app.http.fast_path import ROUTE
from app.observability.recorder import Recorder

UNMATCHED = "unmatched"  # the route of a request to an unknown path, and of OPTIONS
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
OTHER_METHOD = "other"
CLIENT_LEFT = 499  # the status of a request whose client did not wait for the answer; nginx calls it so, too


class Requests:
    """Notes each request for the metrics.

    pages: endpoint → path, of the routes that are no FastAPI routes.
    """

    def __init__(self, recorder: Recorder, pages: Mapping[Callable[..., object], str]) -> None:
        self.recorder = recorder
        self.pages = pages
        self.began = recorder.request_began

    def ended(self, scope: Scope, status: int, seconds: float) -> None:
        """Note the end of a request."""
        method = scope["method"]
        if method not in METHODS:
            method = OTHER_METHOD
        self.recorder.request_ended(self.route_of(scope), method, status or CLIENT_LEFT, seconds)
        if (status >= 400 or not status) and (problem := scope["state"].get("problem")):
            self.recorder.refused(problem)

    def route_of(self, scope: Scope) -> str:
        """The template of the request's route, such as `/samples/{identity}`; UNMATCHED without one."""
        if ROUTE in scope:
            path: str = scope[ROUTE]
            return path
        if "route" in scope:
            template: str = scope["route"].path_format
            return template
        return self.pages.get(scope.get("endpoint"), UNMATCHED)  # type: ignore[arg-type]  # None is no key


def paths_of_pages(routes: list[BaseRoute]) -> dict[Callable[..., object], str]:
    """Endpoint → path, of the plain routes, which leave only their endpoint in a request's scope."""
    return {route.endpoint: route.path_format for route in routes if isinstance(route, Route)}
