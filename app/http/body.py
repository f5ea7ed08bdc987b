"""Read request bodies within limits of size and time, without trusting the headers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import IO

from starlette.types import Receive, Scope

from app.http.errors import BodyTooLarge, Overloaded, Problem, RequestTimeout
from app.settings import Settings

FORM_OVERHEAD = 1.4  # of an image file: base64 is 4/3 of the bytes, a form adds less
PIXELS_BYTES = 32_768  # of JSON: enough for 32×32 numbers, as fractions with all their digits
DISCARD_BYTES = 256_000_000  # of a refused body that are read and discarded, so that the client gets its answer
DISCARD_SECONDS = 5.0


class ClientLeft(Exception):
    """The client disconnected before its body was complete, so no answer is needed."""


def header(scope: Scope, name: bytes) -> str:
    """The first value of the (lower-case) header, or an empty string."""
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    for key, value in headers:
        if key == name:
            return value.decode("latin-1")
    return ""


class BodyBudget:
    """Limits the bytes of request bodies that a process holds at once.

    most: the limit; held: what is held now. The last chunk of a body is not counted, so small bodies cost nothing.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0

    def take(self, scope: Scope, size: int) -> None:
        """Count `size` more bytes for a request. Raises Overloaded when the limit would be passed."""
        if self.held + size > self.most:
            raise unread(Overloaded(f"Bodies of more than {self.most:,} bytes are under way."))
        self.held += size
        state = scope["state"]
        state["body_bytes"] = state.get("body_bytes", 0) + size

    def release(self, scope: Scope) -> None:
        """Give back what the request has taken, once it is answered."""
        self.held -= scope["state"].pop("body_bytes", 0)


def body_limit(settings: Settings, images: int = 1) -> int:
    """The most bytes of a body: one maximal image file for all its `images`, encoded, and pixels for each of them."""
    return int(settings.max_image_bytes * FORM_OVERHEAD) + images * PIXELS_BYTES


def check_announced(scope: Scope, limit: int) -> None:
    """Raise BodyTooLarge when the Content-Length exceeds the limit, before any of the body is read."""
    announced = header(scope, b"content-length")
    if announced.isdecimal() and int(announced) > limit:
        raise unread(BodyTooLarge(f"The body has {int(announced):,} bytes, more than {limit:,}."))


async def read_body(scope: Scope, receive: Receive, limit: int, timeout: float, budget: BodyBudget) -> bytes:
    """Read the whole body, at most `limit` bytes, within `timeout` seconds.

    Raises BodyTooLarge as soon as the announced or received length exceeds the limit, RequestTimeout, ClientLeft, and
    Overloaded when the budget is used up.
    """
    check_announced(scope, limit)
    try:
        async with asyncio.timeout(timeout):
            return await receive_all(scope, receive, limit, budget)
    except TimeoutError:
        raise unread(RequestTimeout(f"The body was not complete after {timeout:g} seconds.")) from None


async def save_body(scope: Scope, receive: Receive, limit: int, timeout: float, file: IO[bytes]) -> None:
    """Write the body into the file as it arrives. At most `timeout` seconds may pass between two chunks.

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
    """Receive the body's chunks and join them. Raises BodyTooLarge, Overloaded or ClientLeft."""
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
    """Mark the problem of a body that is not read to its end: the connection must be closed afterwards."""
    problem.headers["Connection"] = "close"
    return problem


async def discard_rest(receive: Receive) -> None:
    """Read and discard the rest of a body, within DISCARD_BYTES and DISCARD_SECONDS.

    Closing a connection with unread data resets it, and the client might lose the answer.
    """
    discarded = 0
    try:
        async with asyncio.timeout(DISCARD_SECONDS):
            while discarded < DISCARD_BYTES:
                message = await receive()
                discarded += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return
    except TimeoutError:
        return
