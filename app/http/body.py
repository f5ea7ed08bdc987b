"""Request bodies: read whole, within a limit of size and of time, whatever the headers claim."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import IO

from starlette.types import Receive, Scope

from app.http.errors import BodyTooLarge, Overloaded, Problem, RequestTimeout
from app.settings import Settings

FORM_OVERHEAD = 1.4  # of an image file: base64 is 4/3 of the bytes, a form adds less
PIXELS_BYTES = 32_768  # of JSON that 32×32 numbers need, fractions with all their digits
DRAIN_BYTES = 256_000_000  # of a refused body that are read and dropped, so that the client reads its answer
DRAIN_SECONDS = 5.0


class ClientLeft(Exception):
    """The client went away before its body was complete; nobody waits for an answer."""


def header(scope: Scope, name: bytes) -> str:
    """The first value of the (lower-case) header, or an empty string."""
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    for key, value in headers:
        if key == name:
            return value.decode("latin-1")
    return ""


class BodyBudget:
    """The bytes of bodies that a process holds at once, and the most that it may; small ones are not counted."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0

    def take(self, scope: Scope, size: int) -> None:
        """Hold so many more bytes for a request. Raises Overloaded when there are too many."""
        if self.held + size > self.most:
            raise unread(Overloaded(f"Bodies of more than {self.most:,} bytes are under way."))
        self.held += size
        state = scope["state"]
        state["body_bytes"] = state.get("body_bytes", 0) + size

    def release(self, scope: Scope) -> None:
        """The request is answered, and its body gone."""
        self.held -= scope["state"].pop("body_bytes", 0)


def body_limit(settings: Settings, images: int = 1) -> int:
    """The most bytes that a body with so many images may have: their files together as one may, and pixels for each."""
    return int(settings.max_image_bytes * FORM_OVERHEAD) + images * PIXELS_BYTES


def check_announced(scope: Scope, limit: int) -> None:
    """Raise BodyTooLarge for a body whose Content-Length passes the limit, before any of it is read."""
    announced = header(scope, b"content-length")
    if announced.isdecimal() and int(announced) > limit:
        raise unread(BodyTooLarge(f"The body has {int(announced):,} bytes, more than {limit:,}."))


async def read_body(scope: Scope, receive: Receive, limit: int, timeout: float, budget: BodyBudget) -> bytes:
    """The whole body, at most `limit` bytes, complete within `timeout` seconds.

    Raises BodyTooLarge as soon as the length announced or received passes the limit, RequestTimeout, ClientLeft, and
    Overloaded when the budget is spent.
    """
    check_announced(scope, limit)
    try:
        async with asyncio.timeout(timeout):
            return await receive_all(scope, receive, limit, budget)
    except TimeoutError:
        raise unread(RequestTimeout(f"The body was not complete after {timeout:g} seconds.")) from None


async def save_body(scope: Scope, receive: Receive, limit: int, timeout: float, file: IO[bytes]) -> None:
    """Write the body into the file as it comes; `timeout` seconds may pass between two chunks.

    Raises BodyTooLarge, RequestTimeout or ClientLeft.
    """
    check_announced(scope, limit)
    size = 0
    while True:
        try:
            message = await asyncio.wait_for(receive(), timeout)
        except TimeoutError:
            raise unread(RequestTimeout(f"Nothing came for {timeout:g} seconds.")) from None
        if message["type"] == "http.disconnect":
            raise ClientLeft
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise unread(BodyTooLarge(f"The body has more than {limit:,} bytes."))
        await asyncio.to_thread(file.write, chunk)
        if not message.get("more_body", False):
            return


async def receive_all(scope: Scope, receive: Receive, limit: int, budget: BodyBudget) -> bytes:
    """The body's chunks, joined. Raises BodyTooLarge, Overloaded or ClientLeft."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        chunk: bytes = message.get("body", b"")
        if not message.get("more_body", False):
            chunks.append(chunk)
            break
        size += len(chunk)
        if size > limit:
            raise unread(BodyTooLarge(f"The body has more than {limit:,} bytes."))
        budget.take(scope, len(chunk))
        chunks.append(chunk)
    body = b"".join(chunks) if len(chunks) > 1 else chunks[0]
    if len(body) > limit:
        raise BodyTooLarge(f"The body has {len(body):,} bytes, more than {limit:,}.")
    return body


def unread(problem: Problem) -> Problem:
    """The same problem for a body that is still arriving: the connection can't be used again."""
    problem.headers["Connection"] = "close"
    return problem


async def drain(receive: Receive) -> None:
    """Read and drop what is left of a body, so that closing the connection does not wipe out the answer sent."""
    dropped = 0
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            while dropped < DRAIN_BYTES:
                message = await receive()
                dropped += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return
