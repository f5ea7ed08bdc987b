"""Pages for people, which are HTML: what a browser may do with them, and `/docs` with all that it needs.

A page takes scripts and styles from this service alone and none that stand in it, so that text that found its way into
one would stay text. Its addresses are relative, so that they hold below any prefix.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",  # Swagger UI's icons, and the pictures that a request of its own answers
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
}

DOCS = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Numeral: the reference</title>
<link rel="icon" href="static/favicon.png">
<link rel="stylesheet" href="static/swagger-ui.css">
<script src="static/swagger-ui-bundle.js" defer></script>
<script src="static/docs.js" defer></script>
<div id="swagger-ui"></div>
</html>
"""

assets = StaticFiles(packages=[("app", "static"), ("fastapi_offline", "static")])


class Page(HTMLResponse):
    """An HTML page; every one that the service answers is of this class."""

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """The headers given, and what a browser may do with the page."""
        super().init_headers({**HEADERS, **(headers or {})})


async def docs(request: Request) -> Response:
    """The reference, made by Swagger UI from `/openapi.json`."""
    return Page(DOCS)


async def asset(request: Request) -> Response:
    """A file that pages need. Raises HTTPException with 404."""
    return await assets.get_response(request.path_params["path"], request.scope)


def to_docs(request: Request) -> Response:
    """The reference, for who opens the address that was printed; relative where the root path is not known."""
    return RedirectResponse("/docs" if request.scope.get("root_path") else "docs")


def add_pages(app: FastAPI) -> None:
    """Serve the pages and their files."""
    app.add_route("/", to_docs, include_in_schema=False)
    app.add_route("/docs", docs, include_in_schema=False)
    app.add_route("/static/{path:path}", asset, include_in_schema=False)
