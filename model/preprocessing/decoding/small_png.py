"""A short path for the picture that most clients send: a small, plain, grayscale PNG.

Pillow's own decoder does the work on either path, so the pixels are the same. A file that is irregular in any way is
left to the general path, which says what is wrong with it. Measured on one core: such a file is decoded 3.5 times as
fast, read 2.3 times, read and judged 1.4 times. So it is kept. Format: https://www.w3.org/TR/png-3/
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.preprocessing.decoding.headers.png import SIGNATURE

HEADER_END = 33  # signature, then IHDR: length, type, 13 bytes, checksum
FRAMES = 24  # bytes: length, type and checksum of IDAT, and those of IEND
HEADER_TAIL = b"\x08\x00\x00\x00\x00"  # 8 bits, gray, deflate, standard filters, not interlaced
MAX_BYTES = 16_384
MAX_SIDE = 128  # pixels

read_size = struct.Struct(">II").unpack_from
read_number = struct.Struct(">I").unpack_from


def decode_small_png(data: bytes, min_side: int) -> NDArray[np.uint8] | None:
    """Decode a small gray PNG with one chunk, IDAT: uint8 (H, W). None for any other file. Raises nothing."""
    if not HEADER_END + FRAMES < len(data) <= MAX_BYTES or data[:16] != SIGNATURE + b"\0\0\0\rIHDR":
        return None
    width, height = read_size(data, 16)
    if data[24:29] != HEADER_TAIL or not (min_side <= width <= MAX_SIDE and min_side <= height <= MAX_SIDE):
        return None
    (length,) = read_number(data, HEADER_END)
    end = HEADER_END + 8 + length
    if end + 12 > len(data):
        return None
    if data[HEADER_END + 4 : HEADER_END + 8] != b"IDAT" or data[end + 8 : end + 12] != b"IEND":
        return None
    if zlib.crc32(data[12:29]) != read_number(data, 29)[0]:
        return None
    if zlib.crc32(data[HEADER_END + 4 : end]) != read_number(data, end)[0]:
        return None
    try:
        image = Image.frombytes("L", (width, height), data[HEADER_END + 8 : end], "zip", "L", 0)
    except Exception:  # the general path will raise the error, and say what is wrong
        return None
    return np.frombuffer(image.tobytes(), np.uint8).reshape(height, width)
