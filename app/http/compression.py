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
    weights = weights_of(accept_encoding)
    if weights.get("gzip", 0.0) > 0:
        return gzip.compress(body, LEVEL, mtime=0), "gzip"
    if weights.get("deflate", 0.0) > 0:
        return zlib.compress(body, LEVEL), "deflate"
    return body, ""


def weights_of(accept_encoding: str) -> dict[str, float]:
    """The weight of each coding that an Accept-Encoding names, in lower case: 0 refuses it, a missing one means 1.

    A coding whose weight is no number is left out.
    """
    weights = {}
    for part in accept_encoding.lower().split(","):
        coding, _, parameter = part.partition(";")
        name, _, weight = parameter.partition("=")
        try:
            weights[coding.strip()] = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            continue
    return weights
