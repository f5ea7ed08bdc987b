"""WebP (RFC 9649): the size of the canvas."""

from __future__ import annotations

from model.preprocessing.decoding.headers.claim import Claim, Damaged, number

BYTES_PER_PIXEL = 16  # the decoder's two canvases, its result and the picture, four bytes each


def claim(data: bytes) -> Claim:
    """Read the header of a WebP. Raises Damaged."""
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (number(data, 24, "<I") & 0xFFFFFF) + 1, (number(data, 26, "<I") >> 8) + 1
    elif kind == b"VP8L":
        bits = number(data, 21, "<I")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = number(data, 26, "<H") & 0x3FFF, number(data, 28, "<H") & 0x3FFF
    else:
        raise Damaged("its header can't be read")
    return Claim("WEBP", width, height, width * height * BYTES_PER_PIXEL, width * height * 2)
