"""uvicorn's HTTP protocol with limits that it lacks: the size of headers, and the time until they are complete.

uvicorn has such limits only for its other parser, h11. Here a request's line and headers may have MAX_HEAD_BYTES in
total. The same limit holds for anything else that is not body: trailers, chunk extensions. A connection is closed when
its request stays incomplete, or when the client does not read the answer. A malformed request is answered with a
problem.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from app.http.envelope import CLOSE, new_id
from app.http.errors import BadRequest, HeadersTooLarge, Problem, RequestTimeout, render

MAX_HEAD_BYTES = 65_536
LINE_BYTES = 4  # of a header besides its name and value: colon, space, CR and LF
HOP_BY_HOP = (b"connection", b"upgrade", b"http2-settings")
LINGER_SECONDS = 2.0  # how long a refused client may go on sending: an earlier close could lose the answer
LINGER_BYTES = 64_000_000
ON_REFUSAL = "on_refusal"  # in the lifespan's state: the function that gets each refusal's problem and request id


class Protocol(HttpToolsProtocol):
    """One connection.

    header_timeout: seconds until a request's headers must be complete.
    body_timeout: seconds for which a client may leave an answer unread.
    _piece: bytes of the chunk that is being parsed.
    _bytes_since: bytes of the chunks received since the one with the message's start or its latest byte of body.
    _waiting_since: when the wait for a request's headers began, in the loop's time; None when they are complete.
    _stuck_since: when the client stopped reading the answer, in the loop's time; None while it reads.
    _refused: bytes received after the connection was refused; None before that.
    """

    def __init__(self, *arguments: Any, header_timeout: float, body_timeout: float, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._header_timeout, self._body_timeout = header_timeout, body_timeout
        self._piece = 0
        self._bytes_since = 0
        self._waiting_since: float | None = None
        self._stuck_since: float | None = None
        self._refused: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._on_refusal: Callable[[Problem, str], None] = self.app_state.get(ON_REFUSAL, lambda *_: None)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timer."""
        super().connection_made(transport)
        self._waiting_since = self.loop.time()
        self._timer = self.loop.call_later(self._header_timeout, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the data, within the limits."""
        if self._refused is not None:
            self._refused += len(data)
            if self._refused > LINGER_BYTES:
                self.transport.abort()
            return
        self._unset_keepalive_if_required()
        rest = memoryview(data)
        while rest and self._refused is None:
            rest = self._feed(rest)
        if self._bytes_since > MAX_HEAD_BYTES:
            self._refuse(HeadersTooLarge())
        elif self._waiting_since is None and not self._is_answering():
            self._waiting_since = self.loop.time()

    def _feed(self, data: memoryview) -> memoryview:
        """Parse the data. Returns the rest that is still to be parsed after a head with an `Upgrade` was rewritten."""
        self._piece = len(data)
        self._bytes_since += self._piece
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._begin_without_upgrade()
            return data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause if isinstance(cause, Problem) else BadRequest("The request is no valid HTTP."))
        return data[:0]

    def on_message_begin(self) -> None:
        """Reset the count and the time."""
        super().on_message_begin()
        self._bytes_since = 0
        self._waiting_since = self.loop.time()

    def on_headers_complete(self) -> None:
        """Begin the request, unless its head is too large."""
        came_at_once = not self._bytes_since and self._piece <= MAX_HEAD_BYTES
        if not came_at_once and self._head_bytes() > MAX_HEAD_BYTES:
            raise HeadersTooLarge
        if not self.parser.should_upgrade():
            self._waiting_since = None
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Pass the body on; reset the count."""
        self._bytes_since = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the body, unless the head will be parsed again without its `Upgrade`."""
        if not self.parser.should_upgrade():
            super().on_message_complete()

    def pause_writing(self) -> None:
        """Note when the client stopped reading the answer."""
        self._stuck_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        """Note that the client reads the answer again."""
        self._stuck_since = None
        super().resume_writing()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _head_bytes(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + LINE_BYTES for name, value in self.headers)

    def _begin_without_upgrade(self) -> None:
        """Parse the head again without its `Upgrade`, which a server may ignore (RFC 9110, 7.8).

        After an `Upgrade` the parser treats all that follows as the other protocol. So the body would be lost that
        Java's client sends with its offer of HTTP/2.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(BadRequest("This service is no proxy: it knows no CONNECT."))
            return
        kept = [(name, value) for name, value in self.headers if name not in HOP_BY_HOP]
        if any(name == b"connection" and b"close" in value.lower() for name, value in self.headers):
            kept.append(CLOSE)
        lines = [method + b" " + self.url + b" HTTP/1.1", *(name + b": " + value for name, value in kept), b"", b""]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(b"\r\n".join(lines))

    def _look(self) -> None:
        """Close the connection when the client is too slow; otherwise set the timer again."""
        now, limit = self.loop.time(), self._header_timeout
        if self._stuck_since is not None and now - self._stuck_since >= self._body_timeout:
            self.transport.abort()
        elif self._waiting_since is not None and now - self._waiting_since >= limit and not self._is_answering():
            if self._piece:
                self._refuse(RequestTimeout(f"The headers were not complete after {limit:g} seconds."))
            else:
                self.transport.close()
        else:
            self._timer = self.loop.call_later(limit, self._look)

    def _refuse(self, problem: Problem) -> None:
        """Answer with the problem unless an answer has begun, and close the connection after LINGER_SECONDS."""
        if self._refused is not None or self.transport.is_closing():
            return
        self._refused = 0
        begun = self._is_answering() and self.cycle.response_started
        if self._is_answering() and not begun:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not begun:
            request_id = new_id()
            self._on_refusal(problem, request_id)
            status, headers, body = render(problem, request_id)
            headers |= {"Content-Length": str(len(body)), "Connection": "close", "X-Request-ID": request_id}
            lines = [f"{name.lower()}: {value}\r\n".encode("latin-1") for name, value in headers.items()]
            self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", body]))
            if self.transport.can_write_eof():
                self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)
