"""Conditional requests and compressed answers (RFC 9110, sections 8.8, 12.5.3 and 13), for all but predictions.

The order from the outside is Compression, ConditionalRequests, router. So a tag is made of the uncompressed answer, and
is weak: it stands for the same content, compressed or not. Predictions pass by on the fast path: nobody repeats them,
and their bodies are small.
"""

from __future__ import annotations

import hashlib

from starlette.datastructures import MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.accept import weights_of
from app.http.body import header, unread
from app.http.errors import Problem

LEAST_BYTES = 1024  # of an answer that is compressed
LEVEL = 6  # zlib's default: nearly as small as 9, in half the time
THREAD_BYTES = 32_768  # above which a piece is compressed in a thread, so that predictions do not wait
TAG_BYTES = 12  # of the digest that is the tag
OK, NOT_MODIFIED = 200, 304
KEPT = (b"cache-control", b"content-location", b"date", b"etag", b"expires", b"vary")  # in a 304: RFC 9110, 15.4.5


class PreconditionFailed(Problem):
    status, slug, title = 412, "precondition-failed", "The condition of the request does not hold"
    remedy = "Leave If-Match out: entity tags of this service are weak, and If-Match compares strong ones."


class Compression(GZipMiddleware):
    """Starlette's compression, for those who accept gzip with a weight above 0."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, LEAST_BYTES, LEVEL, THREAD_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and compress its answer if that is large and no picture, ZIP or stream of events."""
        if scope["type"] == "http":
            wanted = b"gzip" if accepts_gzip(header(scope, b"accept-encoding")) else b""
            others = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            scope["headers"] = [*others, (b"accept-encoding", wanted)]  # in place: the router notes its route there
        await super().__call__(scope, receive, send)


def accepts_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding accepts gzip: by name or by `*`, with a weight above 0 (RFC 9110, 12.5.3)."""
    weights = weights_of(accepted)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


class ConditionalRequests:
    """Tags each whole answer to GET, and answers 304 if the client has it already (If-None-Match).

    An answer that is streamed, or says `Cache-Control: no-store`, is passed on as it is. All others may be kept, but
    must be validated at each use (`no-cache`): every one of them changes with the service's state or version.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request. Raises PreconditionFailed."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if header(scope, b"if-match") not in ("", "*"):
            raise unread(PreconditionFailed())
        tagging = Tagging(send, header(scope, b"if-none-match")) if scope["method"] == "GET" else send
        await self.app(scope, receive, tagging)


class Tagging:
    """Wraps `send`. known: the client's If-None-Match."""

    def __init__(self, send: Send, known: str) -> None:
        self._send = send
        self._known = known
        self._start: Message | None = None  # held back until the body is there

    async def __call__(self, message: Message) -> None:
        """Pass the message on, or hold the start of the answer back."""
        if message["type"] == "http.response.start":
            if is_whole(message):
                self._start = message
                return
            validated(MutableHeaders(raw=message.setdefault("headers", [])), message["status"])
        elif self._start is not None:
            start, self._start = self._start, None
            if not message.get("more_body", False):
                await self._finish(start, message)
                return
            await self._send(start)
        await self._send(message)

    async def _finish(self, start: Message, message: Message) -> None:
        """Send the answer, whose body is in one message; or a 304 without it."""
        headers = MutableHeaders(raw=start["headers"])
        headers["ETag"] = f'W/"{hashlib.sha256(message.get("body", b"")).hexdigest()[: 2 * TAG_BYTES]}"'
        if matches(self._known, headers["ETag"]):
            kept = [(name, value) for name, value in start["headers"] if name in KEPT]
            start = {**start, "status": NOT_MODIFIED, "headers": kept}
            message = {**message, "body": b""}
        validated(MutableHeaders(raw=start["headers"]), start["status"])
        await self._send(start)
        await self._send(message)


def is_whole(start: Message) -> bool:
    """Whether an answer of known length begins that may be kept, and has no tag yet (as a file of a page has)."""
    names = dict(start.get("headers", ()))
    no_store = b"no-store" in names.get(b"cache-control", b"")
    return start["status"] == OK and b"content-length" in names and b"etag" not in names and not no_store


def validated(headers: MutableHeaders, status: int) -> None:
    """Make the tag weak, if there is one, and let the answer be kept but validated; a 304 varies as its 200 does."""
    if "etag" not in headers:
        return
    headers["ETag"] = f"W/{headers['ETag'].removeprefix('W/')}"
    headers.setdefault("Cache-Control", "no-cache")
    if status == NOT_MODIFIED:
        headers.add_vary_header("Accept-Encoding")


def matches(known: str, tag: str) -> bool:
    """Whether an If-None-Match names the tag, compared weakly (RFC 9110, 8.8.3.2 and 13.1.2)."""
    plain = tag.removeprefix("W/")
    return known.strip() == "*" or plain in (each.strip().removeprefix("W/") for each in known.split(","))
