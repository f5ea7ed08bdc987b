"""What a picture file says of itself before it is decoded, and the three ways in which that may be unacceptable."""

from __future__ import annotations

import struct
from typing import NamedTuple

WORK_SIDE = 512  # pixels; a larger picture is shrunk to about this before it is looked at


class Damaged(Exception):
    """The header is cut or contradicts itself."""


class Excessive(Exception):
    """Decoding would take more than any honest file of the kind does."""


class Unread(Exception):
    """The format, or this variety of it, is not read here."""


class Claim(NamedTuple):
    """A file's format, as Pillow calls it, its size in pixels, and what decoding it will take.

    memory: bytes that the decoder holds at once, beside the file; work: pixels that it visits, counting each pass, in
    units of what a pixel of a plain PNG costs; halvings: how often the decoder is to halve it, for less of both.
    """

    format: str
    width: int
    height: int
    memory: int
    work: int
    halvings: int = 0


def number(data: bytes, at: int, kind: str) -> int:
    """The number at a place, `kind` as in `struct`. Raises Damaged where the data ends before."""
    try:
        return int(struct.unpack_from(kind, data, at)[0])
    except (struct.error, OverflowError):
        raise Damaged("it ends within its header") from None
