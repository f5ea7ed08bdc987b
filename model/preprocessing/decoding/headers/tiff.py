"""TIFF 6.0 and BigTIFF: the size of the first picture, and of the strips or tiles that it is stored in.

A tile may be larger than the picture: a file of 151 bytes can ask for a tile of 2 GB.
"""

from __future__ import annotations

import struct

from model.preprocessing.decoding.headers.claim import Claim, Damaged, Excessive, Unread, number

WIDTH, HEIGHT, BITS, COMPRESSION, SAMPLES, ROWS = 256, 257, 258, 259, 277, 278
STRIPS, PLANES, TILE_WIDTH, TILE_HEIGHT, TILES = 273, 284, 322, 323, 324
NEEDED = {WIDTH, HEIGHT, BITS, COMPRESSION, SAMPLES, ROWS, STRIPS, PLANES, TILE_WIDTH, TILE_HEIGHT, TILES}
SIZES = {1: "B", 3: "H", 4: "I", 16: "Q"}  # integer type (byte, short, long, long8) → its kind in `struct`
UNIT = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
READ = {1: "none", 2: "CCITT", 3: "G3", 4: "G4", 5: "LZW", 7: "JPEG", 8: "deflate", 32773: "PackBits", 32946: "deflate"}
MAX_TAGS = 1_000
MAX_PIECES = 65_536  # strips or tiles
MAX_BITS, MAX_SAMPLES = 64, 6
PLAIN_BYTES = 4  # bytes per pixel of the decoded picture

Tags = dict[int, tuple[int, list[int]]]  # tag → number of values, and the first few of them if they are integers


def claim(data: bytes) -> Claim:
    """Read the tags of a TIFF's first picture. Raises Damaged, Unread or Excessive."""
    tags = read_tags(data)
    width, height = value(tags, WIDTH, 0), value(tags, HEIGHT, 0)
    if not width or not height:
        raise Damaged("its width and height can't be read")
    compression = value(tags, COMPRESSION, 1)
    if compression not in READ:
        raise Unread(f"a TIFF with compression {compression} is not read; save it with LZW or none")
    bits, samples = max(tags.get(BITS, (1, [1]))[1] or [1]), value(tags, SAMPLES, 1)
    if bits > MAX_BITS or samples > MAX_SAMPLES:
        raise Unread(f"a TIFF with {samples} samples of {bits} bits a pixel is not read")
    wide, high = width, min(value(tags, ROWS, height), height)
    if TILE_WIDTH in tags or TILE_HEIGHT in tags:
        wide, high = value(tags, TILE_WIDTH, width), value(tags, TILE_HEIGHT, height)
    across, down = -(-width // max(wide, 1)), -(-height // max(high, 1))
    planes = samples if value(tags, PLANES, 1) == 2 else 1
    if max(across * down * planes, tags.get(STRIPS, (0, []))[0], tags.get(TILES, (0, []))[0]) > MAX_PIECES:
        raise Excessive(f"it is stored in more than {MAX_PIECES:,} pieces")
    piece = -(-wide * high * samples * bits // 8)
    picture = width * height * PLAIN_BYTES
    return Claim("TIFF", width, height, picture * 2 + piece * 2, across * wide * down * high * samples)


def value(tags: Tags, tag: int, default: int) -> int:
    """The first value of a tag, or the default."""
    _, values = tags.get(tag, (0, []))
    return values[0] if values else default


def read_tags(data: bytes) -> Tags:
    """The tags of the first directory. Raises Damaged or Excessive."""
    order = "<" if data[:2] == b"II" else ">"
    if number(data, 2, order + "H") == 43:  # BigTIFF
        at, count_kind, word = number(data, 8, order + "Q"), "Q", "Q"
    else:
        at, count_kind, word = number(data, 4, order + "I"), "H", "I"
    count = number(data, at, order + count_kind)
    if count > MAX_TAGS:
        raise Excessive(f"it has more than {MAX_TAGS:,} tags")
    at += struct.calcsize("=" + count_kind)
    room = struct.calcsize("=" + word)  # values of up to this many bytes are stored in the directory itself
    tags: Tags = {}
    for start in range(at, at + count * (4 + 2 * room), 4 + 2 * room):
        tag, kind, many = (
            number(data, start, order + "H"),
            number(data, start + 2, order + "H"),
            number(data, start + 4, order + word),
        )
        if many * UNIT.get(kind, 1) > len(data):
            raise Damaged("a tag has more values than the file has bytes")
        place = start + 4 + room
        if many * UNIT.get(kind, 1) > room:
            place = number(data, place, order + word)
        if tag in tags:
            raise Damaged("a tag stands twice")
        if tag in NEEDED and kind not in SIZES:
            raise Damaged(f"tag {tag} is no whole number")
        first = range(min(many, MAX_SAMPLES)) if kind in SIZES else range(0)
        tags[tag] = many, [number(data, place + i * UNIT[kind], order + SIZES[kind]) for i in first]
    return tags
