"""GIF (https://www.w3.org/Graphics/GIF/spec-gif89a.txt): the size of the canvas that the first frame needs."""

from __future__ import annotations

from model.preprocessing.decoding.headers.claim import Claim, Damaged, Excessive, number

MAX_BLOCKS = 2_000  # most blocks of one extension, and most extensions before the first frame
BYTES_PER_PIXEL = 10  # the frame, its canvas, and both in color
EXTENSION, IMAGE, TRAILER, COMMENT = 0x21, 0x2C, 0x3B, 0xFE


def claim(data: bytes) -> Claim:
    """Read the header of a GIF and of its first frame, which may be larger. Raises Damaged or Excessive."""
    width, height = number(data, 6, "<H"), number(data, 8, "<H")
    flags = number(data, 10, "<B")
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    at = first_frame(data, at)
    left, top, wide, high = (number(data, at + place, "<H") for place in (1, 3, 5, 7))
    width, height = max(width, left + wide), max(height, top + high)
    return Claim("GIF", width, height, width * height * BYTES_PER_PIXEL, width * height * 2)


def first_frame(data: bytes, at: int) -> int:
    """The offset of the first frame, searched from offset `at`. Raises Damaged or Excessive."""
    for _ in range(MAX_BLOCKS):
        kind = number(data, at, "<B")
        if kind == IMAGE:
            return at
        if kind == TRAILER:
            raise Damaged("it has no frame")
        at = past_blocks(data, at + 2) if kind == EXTENSION else at + 1
    raise Excessive(f"it has more than {MAX_BLOCKS:,} blocks before its first frame")


def past_blocks(data: bytes, at: int) -> int:
    """The offset after the list of blocks that begins at offset `at`. Raises Damaged or Excessive."""
    for count in range(MAX_BLOCKS):
        length = number(data, at, "<B")
        if not length and not count and data[at - 1] != COMMENT:  # decoders disagree about where such a list ends
            raise Damaged("an extension is empty")
        at += 1 + length
        if not length:
            return at
    raise Excessive(f"it has an extension of more than {MAX_BLOCKS:,} blocks")
