"""What a picture file claims in its header, and three errors for claims that can't be accepted."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import NamedTuple

WORK_SIDE = 512  # pixels; a larger picture is shrunk to about this size before its digit is looked for

Shrinking = Callable[[int, int], int]  # by which number a picture's width and height, in pixels, will be divided


def usual_shrinking(width: int, height: int) -> int:
    """By which number both sides of a picture of one digit are divided."""
    return max(width, height) // WORK_SIDE


class Damaged(Exception):
    """The header is cut or contradicts itself."""


class Excessive(Exception):
    """Decoding would take more than for any honest file of this format."""


class Unread(Exception):
    """The format, or this variant of it, is not supported."""


class Claim(NamedTuple):
    """A file's format in Pillow's name, its width and height in pixels, and what decoding it will take.

    memory: bytes that the decoder holds at once, beside the file; work: pixels that it visits, each pass counted, in
    units of one pixel of a plain PNG; halvings: how often the decoder shall halve the picture, which reduces both.
    """

    format: str
    width: int
    height: int
    memory: int
    work: int
    halvings: int = 0


def number(data: bytes, at: int, kind: str) -> int:
    """The number at offset `at`, of a kind as in `struct`. Raises Damaged if the data ends before it."""
    try:
        return int(struct.unpack_from(kind, data, at)[0])
    except (struct.error, OverflowError):
        raise Damaged("it ends within its header") from None
