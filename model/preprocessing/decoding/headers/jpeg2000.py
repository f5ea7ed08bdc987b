"""JPEG 2000 (ITU-T T.800): the code stream's own size, tiles and blocks, whatever the file around it says.

The decoder makes a structure for every tile, precinct and code block before it reads the first of them, so that a
hundred bytes could ask for gigabytes; and it takes many times as long for a pixel as other formats do, unless it may
leave out the finest levels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from model.preprocessing.decoding.headers.boxes import find
from model.preprocessing.decoding.headers.claim import WORK_SIDE, Claim, Damaged, Excessive, Unread, number

FILE = b"\0\0\0\x0cjP  \r\n\x87\n"
STREAM = b"\xff\x4f\xff\x51"
SIZ, COD, COC, POC, SOT, SOD = 0xFF51, 0xFF52, 0xFF53, 0xFF5F, 0xFF90, 0xFF93
MAX_COMPONENTS, MAX_TILES, MAX_SEGMENTS, MAX_LAYERS = 4, 4_096, 10_000, 100
TILE_BYTES, COMPONENT_BYTES = 6_000, 1_200  # of structures that a tile, and each of its components, takes
BLOCK_BYTES, PRECINCT_BYTES = 256, 512
SAMPLE_BYTES = 8  # 32 bits while it is transformed, and the picture
WORK = 50  # times a pixel of a PNG
USUAL_PRECINCT = 15  # exponent of a side where the file says nothing


class Coding(NamedTuple):
    """Exponents of the sides of code blocks and of the smallest precinct, times the picture is halved, and layers."""

    block: int
    precinct: int
    levels: int
    layers: int


def claim(data: bytes) -> Claim:
    """What a JPEG 2000 says of itself, as a file or as a bare code stream. Raises Damaged, Unread or Excessive."""
    at = 0 if data.startswith(STREAM) else find(data, b"jp2c", 0, len(data)).start
    if data[at : at + 4] != STREAM:
        raise Damaged("its code stream can't be read")
    right, bottom, left, top = (number(data, at + 8 + 4 * i, ">I") for i in range(4))
    wide, high, tiles_left, tiles_top = (number(data, at + 24 + 4 * i, ">I") for i in range(4))
    components = number(data, at + 40, ">H")
    width, height = right - left, bottom - top
    if min(width, height, wide, high) <= 0 or tiles_left > left or tiles_top > top:
        raise Damaged("its size can't be read")
    if components > MAX_COMPONENTS:
        raise Unread(f"a JPEG 2000 with {components} components is not read")
    tiles = -(-(right - tiles_left) // wide) * -(-(bottom - tiles_top) // high)
    if tiles > MAX_TILES:
        raise Excessive(f"it is stored in more than {MAX_TILES:,} tiles")
    coding = read_coding(data, at + 2)
    if coding.layers > MAX_LAYERS:
        raise Excessive(f"it has more than {MAX_LAYERS} layers")
    samples = width * height * components
    halvings = min(coding.levels, max(0, (max(width, height) // WORK_SIDE).bit_length() - 1))
    per_sample = SAMPLE_BYTES / 4**halvings + BLOCK_BYTES / 2**coding.block + PRECINCT_BYTES / 2**coding.precinct
    memory = math.ceil(samples * per_sample) + tiles * (TILE_BYTES + COMPONENT_BYTES * components)
    return Claim("JPEG2000", width, height, memory, width * height * WORK >> 2 * halvings, halvings)


def read_coding(data: bytes, at: int) -> Coding:
    """How the stream is coded, whose first segment stands at a place; of several ways the dearest. Raises Damaged."""
    ways, end, tile_end = list[Coding](), len(data), 0
    for _ in range(MAX_SEGMENTS):
        if at + 4 > end:
            break
        marker = number(data, at, ">H")
        if marker == SOT:
            length = number(data, at + 6, ">I")
            tile_end = at + length if length else end
        elif marker == SOD:
            at = max(tile_end, at + 2)
            continue
        elif marker == COD:
            ways.append(way(data, at + 9, number(data, at + 4, ">B") & 1, number(data, at + 6, ">H")))
        elif marker == COC:
            ways.append(way(data, at + 6, number(data, at + 5, ">B") & 1, 1))
        elif not 0xFF50 <= marker <= 0xFF7F:
            break
        at += 2 + number(data, at + 2, ">H")
    else:
        raise Excessive(f"it has more than {MAX_SEGMENTS:,} segments")
    if not ways:
        raise Damaged("it doesn't say how it is coded")
    return Coding(
        min(each.block for each in ways),
        min(each.precinct for each in ways),
        min(each.levels for each in ways),
        max(each.layers for each in ways),
    )


def way(data: bytes, at: int, has_precincts: int, layers: int) -> Coding:
    """The parameters SPcod or SPcoc that stand at a place."""
    levels, wide, high = number(data, at, ">B"), number(data, at + 1, ">B"), number(data, at + 2, ">B")
    sides = data[at + 5 : at + 6 + levels] if has_precincts else b""
    smallest = min(((side & 15) + (side >> 4) for side in sides), default=2 * USUAL_PRECINCT)
    return Coding((wide & 15) + (high & 15) + 4, smallest, levels, layers)
