"""Netpbm: PBM, PGM and PPM, in binary and as text (https://netpbm.sourceforge.net/doc/)."""

from __future__ import annotations

import re
from typing import NamedTuple

from model.preprocessing.decoding.headers.claim import Claim, Damaged, Excessive, Unread

MAX_TEXT_BYTES = 4_000_000  # reading numbers as text takes a hundred times as long as bytes
MAX_HEAD = 4_096  # bytes, comments included
BYTES_PER_PIXEL = 8
GAP = rb"(?:\s|#[^\n\r]*+[\n\r])++"
NUMBER = rb"(\d{1,9})"
bit_head = re.compile(rb"P([14])" + GAP + NUMBER + GAP + NUMBER + rb"\s").match
gray_head = re.compile(rb"P([2356])" + GAP + NUMBER + GAP + NUMBER + GAP + NUMBER + rb"\s").match


class Head(NamedTuple):
    """A Netpbm header.

    kind: the digit of the magic number, 1–6; white: the value of white, 1 for a PBM; end: the offset of the pixels.
    """

    kind: int
    width: int
    height: int
    white: int
    end: int

    @property
    def is_text(self) -> bool:
        """Whether samples are written as text, in decimal."""
        return self.kind <= 3

    @property
    def channels(self) -> int:
        """Samples per pixel."""
        return 3 if self.kind in (3, 6) else 1


def read_head(data: bytes) -> Head:
    """Read the header's fields. Raises Damaged or Unread."""
    found = bit_head(data, 0, MAX_HEAD) or gray_head(data, 0, MAX_HEAD)
    if not found:
        if data[2:3].strip():
            raise Unread("")  # a text that happens to begin with P and a digit
        raise Damaged("its header can't be read")
    kind, width, height, white = (int(group) for group in (*found.groups(), b"1")[:4])
    if not 0 < white < 65_536:
        raise Damaged("its value of white is out of range")
    return Head(kind, width, height, white, found.end())


def claim(data: bytes) -> Claim:
    """Read the header of a Netpbm. Raises Damaged, Unread or Excessive."""
    head = read_head(data)
    if head.is_text and len(data) > MAX_TEXT_BYTES:
        raise Excessive(f"a Netpbm in text may have {MAX_TEXT_BYTES:,} bytes; save it in binary")
    pixels = head.width * head.height
    memory = pixels * BYTES_PER_PIXEL * head.channels
    return Claim("PPM", head.width, head.height, memory, pixels)
