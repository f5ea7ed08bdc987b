"""Compress the body of an answer for a client that accepts it (RFC 9110, 12.5.3)."""

from __future__ import annotations

import gzip
import zlib

from app.http.accept import weights_of

LEAST_BYTES = 1_400  # a smaller answer fits into one packet anyway
LEVEL = 1  # of 9: the quickest


def compressed(body: bytes, accept_encoding: str) -> tuple[bytes, str]:
    """The body and its Content-Encoding: compressed if it is large and the client accepts gzip or deflate, else ""."""
    if len(body) < LEAST_BYTES or not accept_encoding:
        return body, ""
    weights = weights_of(accept_encoding)
    if weights.get("gzip", 0.0) > 0:
        return gzip.compress(body, LEVEL, mtime=0), "gzip"
    if weights.get("deflate", 0.0) > 0:
        return zlib.compress(body, LEVEL), "deflate"
    return body, ""
