"""JPEG 2000 (ITU-T T.800): size, tiles and blocks of the code stream itself; the file around it may claim otherwise.

The decoder allocates a structure for every tile, precinct and code block before it reads the first of them, so that a
hundred bytes could ask for gigabytes. It also takes many times as long per pixel as other formats do, unless it may
skip the finest levels.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from model.preprocessing.decoding.headers.boxes import find
from model.preprocessing.decoding.headers.claim import Claim, Damaged, Excessive, Shrinking, Unread, number

FILE = b"\0\0\0\x0cjP  \r\n\x87\n"
STREAM = b"\xff\x4f\xff\x51"
COD, COC, SOT, SOD = 0xFF52, 0xFF53, 0xFF90, 0xFF93
MAX_COMPONENTS, MAX_TILES, MAX_SEGMENTS, MAX_LAYERS = 4, 4_096, 10_000, 100
TILE_BYTES, COMPONENT_BYTES = 6_000, 1_200  # memory for a tile, and for each of its components
BLOCK_BYTES, PRECINCT_BYTES = 256, 512  # memory for a code block, and for a precinct
SAMPLE_BYTES = 8  # 32 bits during the transform, and the picture
WORK = 50  # per pixel, in units of a pixel of a PNG
USUAL_PRECINCT = 15  # exponent of a precinct's side if the file gives none


class Coding(NamedTuple):
    """How a picture is coded.

    block, precinct: log₂ of the pixels of a code block and of the smallest precinct; levels: how often the picture is
    halved; layers: quality layers.
    """

    block: int
    precinct: int
    levels: int
    layers: int


def claim(data: bytes, shrinking: Shrinking) -> Claim:
    """Read the header of a JPEG 2000, a file or a bare code stream. Raises Damaged, Unread or Excessive.

    shrinking: how far the picture will be shrunk; the decoder skips the levels that are finer.
    """
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
    halvings = min(coding.levels, max(0, shrinking(width, height).bit_length() - 1))
    per_sample = SAMPLE_BYTES / 4**halvings + BLOCK_BYTES / 2**coding.block + PRECINCT_BYTES / 2**coding.precinct
    memory = math.ceil(samples * per_sample) + tiles * (TILE_BYTES + COMPONENT_BYTES * components)
    return Claim("JPEG2000", width, height, memory, width * height * WORK >> 2 * halvings, halvings)


def read_coding(data: bytes, at: int) -> Coding:
    """The most expensive of the codings in the stream whose first segment is at offset `at`.

    Raises Damaged or Excessive.
    """
    codings, end, tile_end = list[Coding](), len(data), 0
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
            codings.append(coding_at(data, at + 9, number(data, at + 4, ">B") & 1, number(data, at + 6, ">H")))
        elif marker == COC:
            codings.append(coding_at(data, at + 6, number(data, at + 5, ">B") & 1, 1))
        elif not 0xFF50 <= marker <= 0xFF7F:
            break
        at += 2 + number(data, at + 2, ">H")
    else:
        raise Excessive(f"it has more than {MAX_SEGMENTS:,} segments")
    if not codings:
        raise Damaged("it doesn't say how it is coded")
    return Coding(
        min(coding.block for coding in codings),
        min(coding.precinct for coding in codings),
        min(coding.levels for coding in codings),
        max(coding.layers for coding in codings),
    )


def coding_at(data: bytes, at: int, has_precincts: int, layers: int) -> Coding:
    """The parameters SPcod or SPcoc at offset `at`. Raises Damaged."""
    levels, wide, high = number(data, at, ">B"), number(data, at + 1, ">B"), number(data, at + 2, ">B")
    sides = data[at + 5 : at + 6 + levels] if has_precincts else b""
    smallest = min(((side & 15) + (side >> 4) for side in sides), default=2 * USUAL_PRECINCT)
    return Coding((wide & 15) + (high & 15) + 4, smallest, levels, layers)
