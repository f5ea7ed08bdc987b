"""How a time is written in an answer."""

from __future__ import annotations

from datetime import UTC, datetime


def as_rfc3339(seconds: float) -> str:
    """RFC 3339 in UTC, to the millisecond, of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
