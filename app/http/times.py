"""The format of times in answers."""

from __future__ import annotations

from datetime import UTC, datetime


def as_rfc3339(seconds: float) -> str:
    """Format seconds since 1970 by RFC 3339, in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
