"""Read a Content-Type, tolerating the variations that clients send."""

from __future__ import annotations

import re

MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"  # also curl's default for any body
TYPE = re.compile(r"\s*([^\s;,]*)")


def media_type(content_type: str) -> str:
    """The type and subtype in lower case, without parameters (RFC 9110, 8.3.1); an empty string when there is none."""
    found = TYPE.match(content_type)
    return found.group(1).lower() if found else ""


def is_json(content_type: str) -> bool:
    """Whether it is application/json or a similar type, such as text/json or application/vnd.api+json."""
    return "json" in media_type(content_type)
