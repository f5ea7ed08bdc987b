"""PNG (https://www.w3.org/TR/png-3/): size and number of chunks."""

from __future__ import annotations

from model.preprocessing.decoding.headers.claim import Claim, Damaged, Excessive, number

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MAX_DATA_CHUNKS = 20_000  # 20 MB in chunks of 1 kB; each costs the decoder microseconds
MAX_OTHER_CHUNKS = 500  # text and profiles, each of which may unpack to a megabyte
PLAIN_CHUNKS = 16  # a file with more chunks is not plain
PACKED = (b"iCCP", b"zTXt", b"iTXt", b"eXIf")  # chunks that may take much longer than their length suggests
ONE_CHUNK = 57  # bytes of a file with one IDAT chunk, beside that chunk's content
BYTES_PER_PIXEL = 8  # four in the picture, four while palettes are resolved


def claim(data: bytes) -> Claim:
    """Read the header of a PNG, and count its chunks. Raises Damaged or Excessive."""
    width, height = size_of(data)
    kinds = chunks(data, MAX_DATA_CHUNKS + MAX_OTHER_CHUNKS)
    pixel_chunks = kinds.count(b"IDAT") + kinds.count(b"fdAT")
    if pixel_chunks > MAX_DATA_CHUNKS or len(kinds) - pixel_chunks > MAX_OTHER_CHUNKS:
        raise Excessive(f"it is in more pieces than a PNG has, {len(kinds):,}")
    passes = 2 if data[28] else 1  # Adam7 or none
    return Claim("PNG", width, height, width * height * BYTES_PER_PIXEL, width * height * passes)


def size_of(data: bytes) -> tuple[int, int]:
    """Width and height. Raises Damaged."""
    if not data.startswith(SIGNATURE) or data[12:16] != b"IHDR" or len(data) < 33:
        raise Damaged("its header can't be read")
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def chunks(data: bytes, most: int) -> list[bytes]:
    """The types of the chunks in order; reading stops after `most` + 1 of them. Raises Damaged."""
    kinds, at = list[bytes](), len(SIGNATURE)
    while at + 8 <= len(data) and len(kinds) <= most:
        kinds.append(data[at + 4 : at + 8])
        at += 12 + number(data, at, ">I")
    return kinds


def has_one_chunk(data: bytes) -> bool:
    """Whether one IDAT chunk is all that there is between header and end, as in most small files."""
    return data[37:41] == b"IDAT" and int.from_bytes(data[33:37]) + ONE_CHUNK == len(data)


def is_plain(data: bytes) -> bool:
    """Whether decoding takes no time but for the pixels: few chunks, and none of PACKED."""
    kinds = chunks(data, PLAIN_CHUNKS)
    return len(kinds) <= PLAIN_CHUNKS and not any(kind in PACKED for kind in kinds)
