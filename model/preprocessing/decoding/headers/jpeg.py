"""JPEG (ITU-T T.81): size, components and the number of scans.

A progressive file is stored in scans. Decoding a scan visits the whole picture, however short the scan is, so that a
few bytes may take seconds. The decoder also keeps all coefficients, two bytes each. Cameras and programs write up to a
dozen scans.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from model.preprocessing.decoding.headers.claim import Claim, Damaged, Excessive, number

START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
SIMPLE_FRAMES = (0xC0, 0xC1)  # baseline and extended, Huffman-coded
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9
BARE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
PLAIN = frozenset({0xC0, 0xC1, 0xC4, 0xDB, 0xDD, 0xE0, 0xFE})  # markers before the scan of a file without metadata
MAX_SEGMENTS = 2_000  # 20 MB in segments of 64 kB are 305
MAX_SCANS = 100
MAX_COMPONENTS = 4
COEFFICIENT_BYTES = 2
MAX_FILL = 1_000  # bytes between two segments
next_marker = re.compile(rb"\xff([^\x00\xff])", re.DOTALL).search


class Frame(NamedTuple):
    """The start-of-frame segment (SOF): its marker, width, height, and coefficients per pixel over all components."""

    kind: int
    width: int
    height: int
    density: float


class Outline(NamedTuple):
    """The frame, the number of scans, and the marker of every segment up to the first scan."""

    frame: Frame
    scans: int
    head: list[int]


def claim(data: bytes) -> Claim:
    """Read the header of a JPEG, and count its scans. Raises Damaged or Excessive."""
    frame, scans, _ = outline(data)
    pixels = frame.width * frame.height
    keeps_all = scans > 1 or frame.kind not in SIMPLE_FRAMES
    coefficients = int(pixels * frame.density * COEFFICIENT_BYTES) if keeps_all else 0
    return Claim("JPEG", frame.width, frame.height, pixels * 4 + coefficients, pixels * max(scans, 1))


def outline(data: bytes) -> Outline:
    """Walk the segments in the way of decoders. Raises Damaged or Excessive."""
    frame, scans, head, at = None, 0, list[int](), 2
    for _ in range(MAX_SEGMENTS):
        found = next_marker(data, at)
        if found is None or found[1][0] == END_OF_IMAGE:
            break
        if not scans and found.start() - at > MAX_FILL:
            raise Damaged("there are too many bytes between its segments")
        marker, at = found[1][0], found.end()
        if marker in BARE:
            continue
        if not scans:
            head.append(marker)
        if marker in START_OF_FRAME and frame is None:
            frame = read_frame(data, at, marker)
        scans += marker == START_OF_SCAN
        if scans > MAX_SCANS:
            raise Excessive(f"it has more than {MAX_SCANS} scans")
        if at + 2 > len(data):
            break
        at += number(data, at, ">H")
    else:
        raise Excessive(f"it has more than {MAX_SEGMENTS:,} segments")
    if frame is None:
        raise Damaged("its header can't be read")
    return Outline(frame, scans, head)


def read_frame(data: bytes, at: int, kind: int) -> Frame:
    """Read the SOF segment whose length field is at offset `at`. Raises Damaged."""
    height, width = number(data, at + 3, ">H"), number(data, at + 5, ">H")
    count = number(data, at + 7, ">B")
    factors = data[at + 9 : at + 8 + 3 * count : 3]
    if not 1 <= count <= MAX_COMPONENTS or len(factors) < count:
        raise Damaged("its components can't be read")
    areas = [max(factor >> 4, 1) * max(factor & 15, 1) for factor in factors]
    largest = max(factor >> 4 for factor in factors) * max(factor & 15 for factor in factors)
    return Frame(kind, width, height, sum(areas) / max(largest, 1))


def is_plain(frame: Frame, scans: int, head: list[int]) -> bool:
    """Whether decoding takes no time but for the pixels: no progressive coding, and no metadata before the scan."""
    return frame.kind in SIMPLE_FRAMES and scans <= MAX_COMPONENTS and PLAIN.issuperset(head[:-1])
