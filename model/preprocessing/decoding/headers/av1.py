"""The sizes that the AV1 pictures inside an AVIF claim: their decoder allocates memory by these.

An AVIF that claims a few pixels may hold an AV1 picture of 65,536 × 65,536. Sources: AV1,
https://aomediacodec.github.io/av1-spec/; items, ISO/IEC 14496-12, 8.11.
"""

from __future__ import annotations

from collections.abc import Iterator

from model.preprocessing.decoding.headers.boxes import Box, boxes, find
from model.preprocessing.decoding.headers.claim import Damaged, Excessive, number

SEQUENCE_HEADER = 1  # a type of OBU (open bitstream unit), the units of an AV1 stream
MAX_UNITS = 1_000
HEADER_BYTES = 96  # a sequence header with 32 operating points has 95 bytes up to its sizes
MAX_META = 1_000_000  # the list of items must end within this many bytes of the file
SIZED = {0: None, 4: ">I", 8: ">Q"}  # bytes of a number in `iloc` → its kind in `struct`


def largest_frame(data: bytes, meta: Box) -> int:
    """The most pixels that any AV1 item may have by its own header, 0 if there is none. Raises Damaged or Excessive."""
    items = coded_items(data, meta)
    sizes = [sequence_pixels(unit) for stream in streams(data, meta, items) for unit in sequence_headers(stream)]
    return max(sizes, default=0)


def coded_items(data: bytes, meta: Box) -> set[int]:
    """The numbers of the items that are AV1 according to `iinf`. Raises Damaged or Excessive."""
    info = find(data, b"iinf", meta.start, meta.end)
    start = info.start + (6 if number(data, info.start, ">B") == 0 else 8)
    items = set()
    for box in boxes(data, start, info.end):
        wide = number(data, box.start, ">B") >= 3  # version: numbers have 32 bits
        number_at, kind_at = box.start + 4, box.start + (10 if wide else 8)
        if data[kind_at : kind_at + 4] == b"av01":
            items.add(number(data, number_at, ">I" if wide else ">H"))
    return items


def streams(data: bytes, meta: Box, items: set[int]) -> Iterator[bytes]:
    """Yield the content of each of the items, found by `iloc`. Raises Damaged or Excessive."""
    box, total = find(data, b"iloc", meta.start, meta.end), 0
    inside = {place.kind: place.start for place in boxes(data, meta.start, meta.end)}.get(b"idat", 0)
    version, sizes, at = number(data, box.start, ">B"), number(data, box.start + 4, ">H"), box.start + 6
    offset_kind, length_kind, base_kind, index_kind = (width_of(sizes >> shift & 15) for shift in (12, 8, 4, 0))
    item_kind = ">I" if version == 2 else ">H"
    count, at = read(data, at, item_kind)
    for _ in range(count):
        item, at = read(data, at, item_kind)
        method, at = read(data, at, ">H" if version else None)
        base, at = read(data, at + 2, base_kind)
        extents, at = read(data, at, ">H")
        content = []
        for _ in range(extents):
            _, at = read(data, at, index_kind if version else None)
            offset, at = read(data, at, offset_kind)
            length, at = read(data, at, length_kind)
            if item in items:
                start = base + offset + (inside if method & 15 == 1 else 0)
                content.append(data[start : start + length] if length else data[start:])
                total += len(content[-1])
            if total > 2 * len(data) or at > MAX_META:
                raise Excessive("its parts overlap, or are too many")
        yield b"".join(content)


def width_of(size: int) -> str | None:
    """The kind in `struct` of a number of `size` bytes; None for 0 bytes. Raises Damaged."""
    if size not in SIZED:
        raise Damaged("its items can't be found")
    return SIZED[size]


def read(data: bytes, at: int, kind: str | None) -> tuple[int, int]:
    """The number at offset `at`, and the offset after it; kind None reads nothing and gives 0. Raises Damaged."""
    if kind is None:
        return 0, at
    return number(data, at, kind), at + {"H": 2, "I": 4, "Q": 8}[kind[1]]


def sequence_headers(stream: bytes) -> Iterator[bytes]:
    """Yield the sequence headers among the units (OBU) of a stream. Raises Damaged or Excessive."""
    at = 0
    for _ in range(MAX_UNITS):
        if at >= len(stream):
            return
        head = stream[at]
        at += 2 if head & 4 else 1  # with or without extension
        size = len(stream) - at
        if head & 2:
            size, at = leb128(stream, at)
        if head >> 3 & 15 == SEQUENCE_HEADER:
            yield stream[at : at + size]
        at += size
    raise Excessive(f"it has more than {MAX_UNITS:,} units")


def leb128(stream: bytes, at: int) -> tuple[int, int]:
    """A LEB128 number, in pieces of seven bits, and the offset after it. Raises Damaged."""
    value = 0
    for i in range(8):
        byte = number(stream, at + i, ">B")
        value |= (byte & 127) << 7 * i
        if byte < 128:
            return value, at + i + 1
    raise Damaged("a unit's size can't be read")


class Bits:
    """Reads numbers of any width in bits, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._rest = int.from_bytes(data)
        self._left = 8 * len(data)

    def take(self, bits: int) -> int:
        """The next number, `bits` wide. Raises Damaged at the end of the data."""
        self._left -= bits
        if self._left < 0:
            raise Damaged("an AV1 header is cut")
        return self._rest >> self._left & (1 << bits) - 1


def sequence_pixels(unit: bytes) -> int:
    """The most pixels that frames under a sequence header (AV1, 5.5.1) may have. Raises Damaged.

    If frames may give their own size, this is the largest that the header's bit widths allow: up to four times as many
    pixels as they have.
    """
    bits = Bits(unit[:HEADER_BYTES])
    bits.take(4)  # profile, and whether it is a still picture
    if bits.take(1):  # reduced header: frames have exactly this size
        bits.take(5)
        width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
        return (bits.take(width_bits) + 1) * (bits.take(height_bits) + 1)
    if bits.take(1):
        raise Damaged("it is timed as a film")
    shows_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):  # operating points
        bits.take(12)
        if bits.take(5) > 7:
            bits.take(1)
        if shows_delay and bits.take(1):
            bits.take(4)
    return 1 << bits.take(4) + 1 + bits.take(4) + 1
