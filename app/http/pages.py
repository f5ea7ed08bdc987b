"""HTML pages: the service's own at `/`, the reference at `/docs`, their files, and the security headers of both.

The Content-Security-Policy allows scripts and styles from this service only, and no inline ones, so that injected text
can't run. Addresses in a page are relative, so they work under any path prefix.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from app.http.accept import weights_of
from app.http.errors import NotFound

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
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
NO_MARKUP = "; require-trusted-types-for 'script'; trusted-types 'none'"  # no script of `/` may parse text as HTML
HOME_HEADERS = {
    **HEADERS,
    "Content-Security-Policy": POLICY + NO_MARKUP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Vary": "Accept",
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
HOME = "home/index.html"
ONLY_HOME = ("home/", "vendor/")  # folders with nothing that `/docs` needs

assets = StaticFiles(packages=[("app", "static"), ("fastapi_offline", "static")])


class HTMLPage(HTMLResponse):
    """An HTML response with the security headers."""

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        """Add the security headers to the given ones."""
        super().init_headers({**HEADERS, **(headers or {})})


async def home(request: Request) -> Response:
    """The page, for a browser; other clients are sent to the reference, as is everybody where the page is left out.

    Without a slash at the end, a relative address in the page would lead out of the root path; so it is added first.
    """
    if not (request.app.state.settings.page and takes_html(request.headers.get("Accept", ""))):
        return RedirectResponse("/docs" if request.scope.get("root_path") else "docs", headers={"Vary": "Accept"})
    if not (request.scope.get("raw_path") or b"/").partition(b"?")[0].endswith(b"/"):
        return RedirectResponse("/", headers={"Vary": "Accept"})
    page = await assets.get_response(HOME, request.scope)
    page.headers.update(HOME_HEADERS)
    return page


def takes_html(accepted: str) -> bool:
    """Whether an Accept header (RFC 9110, 12.5.1) names HTML itself, as browsers do when they open an address."""
    return weights_of(accepted).get("text/html", 0.0) > 0


async def docs(request: Request) -> Response:
    """The API reference, which Swagger UI renders from `/openapi.json`."""
    return HTMLPage(DOCS)


async def asset(request: Request) -> Response:
    """A script, style, font or icon of a page. Raises NotFound, or HTTPException with 404."""
    name: str = request.path_params["path"]
    if name.startswith(ONLY_HOME) and not request.app.state.settings.page:
        raise NotFound("This service is run without its page.")
    return await assets.get_response(name, request.scope)


def add_pages(app: FastAPI) -> None:
    """Serve the pages and their files."""
    app.add_route("/", home, include_in_schema=False)
    app.add_route("/docs", docs, include_in_schema=False)
    app.add_route("/static/{path:path}", asset, include_in_schema=False)
