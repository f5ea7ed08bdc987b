"""Decompress request bodies (RFC 9110, `Content-Encoding`), to no more bytes than an uncompressed body may have."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from starlette.types import Receive, Scope

from app.http.body import BodyBudget, header, read_body, unread
from app.http.errors import BadRequest, BodyTooLarge, Problem

NONE = ("", "identity")
GZIP, ZLIB, RAW_DEFLATE = 31, 15, -15  # zlib's `wbits`
WINDOWS = {"gzip": (GZIP,), "x-gzip": (GZIP,), "deflate": (ZLIB, RAW_DEFLATE)}  # some clients omit zlib's header
MAX_MEMBERS = 16  # of a gzip, which usually has one


class UnsupportedEncoding(Problem):
    status, slug, title = 415, "unsupported-encoding", "This Content-Encoding is not taken here"
    remedy = "Send the body as it is, or compressed with one of the encodings that the Accept-Encoding header names."

    def __init__(self, detail: str = "", taken: str = "gzip, deflate, identity") -> None:
        super().__init__(detail, headers={"Accept-Encoding": taken})


class ContentReader:
    """Reads whole bodies, compressed or not, within the process's budget for them.

    timeout: seconds within which a body must be complete.
    in_thread: calls a function with one argument in the thread for large work.
    """

    def __init__(
        self, timeout: float, budget: BodyBudget, in_thread: Callable[[Callable[[Any], Any], object], Awaitable[Any]]
    ) -> None:
        self.budget = budget
        self._timeout = timeout
        self._in_thread = in_thread

    async def read(self, scope: Scope, receive: Receive, limit: int) -> bytes:
        """Read the whole body as `read_body` does, and decompress it: at most `limit` bytes before and after.

        Raises what `read_body` raises, UnsupportedEncoding, and BadRequest when the body does not match its encoding.
        """
        encoding = header(scope, b"content-encoding").strip().lower()
        if encoding not in NONE and encoding not in WINDOWS:
            raise unread(
                UnsupportedEncoding(f"The body's Content-Encoding is {encoding[:40]!r}; send gzip or deflate.")
            )
        body = await read_body(scope, receive, limit, self._timeout, self.budget)
        if encoding in NONE:
            return body
        unpacked: bytes = await self._in_thread(partial(unpack, encoding=encoding, limit=limit), body)
        self.budget.take(scope, len(unpacked))
        return unpacked


def refuse_encoding(scope: Scope) -> None:
    """Raise UnsupportedEncoding for a compressed body, on routes that do not decompress."""
    if header(scope, b"content-encoding").strip().lower() not in NONE:
        raise unread(UnsupportedEncoding("Send this body without a Content-Encoding.", "identity"))


def unpack(body: bytes, encoding: str, limit: int) -> bytes:
    """Decompress the body. Raises BodyTooLarge as soon as the limit is exceeded, BadRequest."""
    for window in WINDOWS[encoding]:
        try:
            return inflate(body, window, limit)
        except zlib.error:
            continue
    raise BadRequest(f"The body's Content-Encoding is {encoding}, but the body is not, or it is damaged.")


def inflate(body: bytes, window: int, limit: int) -> bytes:
    """Decompress one member, or several of a gzip. Raises zlib.error, BodyTooLarge, BadRequest for a missing end."""
    pieces: list[bytes] = []
    left = limit
    for _ in range(MAX_MEMBERS):
        member = zlib.decompressobj(window)
        piece = member.decompress(body, left + 1)
        if len(piece) > left:
            raise BodyTooLarge(f"The body has more than {limit:,} bytes when it is unpacked.")
        if not member.eof:
            raise BadRequest("The compressed body is cut: its end is missing.")
        pieces.append(piece)
        left -= len(piece)
        body = member.unused_data
        if window != GZIP or not body.rstrip(b"\0"):
            return b"".join(pieces)
    raise BadRequest(f"The gzip has more than {MAX_MEMBERS} members.")
