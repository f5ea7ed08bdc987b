"""What is noted of each request when it ends: its metrics, and a line in the log.

Requests that fail are always logged, a share of the others. A line has no address, no query, no header but the ids of
the request and of its trace, and nothing of the body: so there are no keys and no pictures in the log.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping

from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from app.http.errors import Problem
from app.http.fast_path import ROUTE
from app.observability.logs import FIELDS
from app.observability.recorder import Recorder

log = logging.getLogger("numeral.requests")

UNMATCHED = "unmatched"  # the route of a request to an unknown path, and of OPTIONS
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
OTHER_METHOD = "other"
CLIENT_LEFT = 499  # the status of a request whose client did not wait for the answer; nginx calls it so, too


class Requests:
    """Notes each request.

    pages: endpoint → path, of the routes that are no FastAPI routes; logged_share: of the requests that do not fail,
    0–1; version: the version in use; trace_id: of a request's trace, an empty string without one.
    """

    def __init__(
        self,
        recorder: Recorder,
        pages: Mapping[Callable[..., object], str],
        logged_share: float,
        version: Callable[[], int | None],
        trace_id: Callable[[Scope], str],
    ) -> None:
        self.recorder = recorder
        self.pages = pages
        self.logged_share = logged_share
        self.version = version
        self.trace_id = trace_id
        self.began = recorder.request_began

    def ended(self, scope: Scope, status: int, seconds: float) -> None:
        """Note the end of a request."""
        method = scope["method"]
        if method not in METHODS:
            method = OTHER_METHOD
        status = status or CLIENT_LEFT
        route = scope.get(ROUTE) or self.route_of(scope)
        self.recorder.request_ended(route, method, status, seconds)
        if status < 400:
            if self.logged_share and random.random() < self.logged_share:  # noqa: S311  # no secret depends on it
                self._log(scope, route, method, status, seconds)
            return
        if problem := scope["state"].get("problem"):
            self.recorder.refused(problem)
        self._log(scope, route, method, status, seconds)

    def connection_refused(self, problem: Problem, request_id: str) -> None:
        """Note a connection that was answered with a problem because it sent no request that can be understood."""
        self.recorder.connection_refused(problem.slug)
        fields = {"request_id": request_id, "status": problem.status, "problem": problem.slug}
        log.info("a connection was refused", extra={FIELDS: fields})

    def route_of(self, scope: Scope) -> str:
        """The template of a FastAPI route or a page, such as `/samples/{identity}`; UNMATCHED without one."""
        if "route" in scope:
            template: str = scope["route"].path_format
            return template
        return self.pages.get(scope.get("endpoint"), UNMATCHED)  # type: ignore[arg-type]  # None is no key

    def _log(self, scope: Scope, route: str, method: str, status: int, seconds: float) -> None:
        state = scope["state"]
        fields = {
            "request_id": state["request_id"],
            "trace_id": self.trace_id(scope),
            "route": route,
            "method": method,
            "status": status,
            "duration": round(seconds, 6),
            "version": self.version(),
            "problem": state.get("problem"),
        }
        known = {name: value for name, value in fields.items() if value not in (None, "")}
        level = logging.ERROR if status >= 500 else logging.INFO
        log.log(level, "%s %s was answered %d", method, route, status, extra={FIELDS: known})


def paths_of_pages(routes: list[BaseRoute]) -> dict[Callable[..., object], str]:
    """Endpoint → path, of the plain routes, which leave only their endpoint in a request's scope."""
    return {route.endpoint: route.path_format for route in routes if isinstance(route, Route)}
