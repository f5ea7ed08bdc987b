"""The trace that a request belongs to, from its `traceparent` header: https://www.w3.org/TR/trace-context/."""

from __future__ import annotations

import re

from starlette.types import Scope

from app.http.body import header

TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")


def trace_id_sent(scope: Scope) -> str:
    """The id of the trace that the client sent, 32 hexadecimal digits; an empty string without a valid one."""
    found = TRACEPARENT.fullmatch(header(scope, b"traceparent"))
    return found[1] if found else ""
