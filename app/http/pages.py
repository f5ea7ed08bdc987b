"""HTML pages: their security headers, and `/docs` with its scripts and styles.

The Content-Security-Policy allows scripts and styles from this service only, and no inline ones, so that injected text
can't run. Addresses in a page are relative, so they work under any path prefix.
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
        "img-src 'self' data: blob:",  # Swagger UI's icons, and the images that its requests return
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


class HTMLPage(HTMLResponse):
    """An HTML response with the security headers. Every page of the service uses this class."""

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Add the security headers to the given ones."""
        super().init_headers({**HEADERS, **(headers or {})})


async def docs(request: Request) -> Response:
    """The API reference, which Swagger UI renders from `/openapi.json`."""
    return HTMLPage(DOCS)


async def asset(request: Request) -> Response:
    """A script, style or icon of a page. Raises HTTPException with 404."""
    return await assets.get_response(request.path_params["path"], request.scope)


def to_docs(request: Request) -> Response:
    """Redirect `/`, the address printed at the start, to the reference; relative when the root path is unknown."""
    return RedirectResponse("/docs" if request.scope.get("root_path") else "docs")


def add_pages(app: FastAPI) -> None:
    """Serve the pages and their files."""
    app.add_route("/", to_docs, include_in_schema=False)
    app.add_route("/docs", docs, include_in_schema=False)
    app.add_route("/static/{path:path}", asset, include_in_schema=False)
