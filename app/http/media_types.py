"""What a Content-Type says a body is, read as loosely as clients write it."""

from __future__ import annotations

import re

MULTIPART = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"  # also what curl says of a body that nothing else is said of
TYPE = re.compile(r"\s*([^\s;,]*)")


def media_type(content_type: str) -> str:
    """The type and subtype in lower case, without parameters (RFC 9110, 8.3.1); empty where there is none."""
    found = TYPE.match(content_type)
    return found.group(1).lower() if found else ""


def is_json(content_type: str) -> bool:
    """Whether it is application/json, or a type of the kind, as text/json or application/vnd.api+json are."""
    return "json" in media_type(content_type)
