"""Compress the body of an answer for a client that accepts it (RFC 9110, 12.5.3)."""

from __future__ import annotations

import gzip
import zlib

LEAST_BYTES = 1_400  # a smaller answer fits into one packet anyway
LEVEL = 1  # of 9: the quickest


def compressed(body: bytes, accept_encoding: str) -> tuple[bytes, str]:
    """The body and its Content-Encoding: compressed if it is large and the client accepts gzip or deflate, else ""."""
    if len(body) < LEAST_BYTES or not accept_encoding:
        return body, ""
    accepted = accepted_encodings(accept_encoding)
    if "gzip" in accepted:
        return gzip.compress(body, LEVEL, mtime=0), "gzip"
    if "deflate" in accepted:
        return zlib.compress(body, LEVEL), "deflate"
    return body, ""


def accepted_encodings(header: str) -> set[str]:
    """The encodings that the header names, in lower case, without those whose quality is 0."""
    found = set()
    for part in header.lower().split(","):
        name, _, parameters = part.partition(";")
        quality = parameters.replace(" ", "").removeprefix("q=")
        if not (quality and quality.strip("0.") == ""):
            found.add(name.strip())
    return found
