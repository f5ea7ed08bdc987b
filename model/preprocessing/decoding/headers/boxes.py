"""Walk the boxes that AVIF, HEIC and JPEG 2000 files consist of (ISO/IEC 14496-12, ISO/IEC 15444-1 annex I)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from model.preprocessing.decoding.headers.claim import Damaged, Excessive, number

MAX_BOXES = 10_000


class Box(NamedTuple):
    """A box: its type, and the offsets in the file at which its content begins and ends."""

    kind: bytes
    start: int
    end: int


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """Yield the boxes between two offsets. Raises Damaged or Excessive."""
    for _ in range(MAX_BOXES):
        if start + 8 > end:
            return
        size, content = number(data, start, ">I"), start + 8
        if size == 1:
            size, content = number(data, start + 8, ">Q"), start + 16
        stop = start + size if size else end  # size 0: up to the end
        if not content <= stop <= end:
            raise Damaged("it ends within a box")
        yield Box(data[start + 4 : start + 8], content, stop)
        start = stop
    raise Excessive(f"it has more than {MAX_BOXES:,} boxes")


def find(data: bytes, kind: bytes, start: int, end: int) -> Box:
    """The first box of a type between two offsets. Raises Damaged if there is none, or Excessive."""
    for box in boxes(data, start, end):
        if box.kind == kind:
            return box
    raise Damaged(f"it has no box {kind.decode('latin-1')!r}")
