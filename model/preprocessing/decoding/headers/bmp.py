"""BMP (Windows bitmap): size, and a limit on run-length-coded files."""

from __future__ import annotations

from model.preprocessing.decoding.headers.claim import Claim, Excessive, Unread, number

SHORT_HEADER = 12  # bytes; its width and height have 16 bits
HEADERS = (SHORT_HEADER, 40, 52, 56, 64, 108, 124)
RUN_LENGTH = (1, 2)  # RLE8, RLE4
MAX_RUN_BYTES = 1_000_000  # a run costs as much as hundreds of plain pixels
MAX_RUN_PIXELS = 4_000_000
BYTES_PER_PIXEL = 8


def claim(data: bytes) -> Claim:
    """Read the header of a BMP. Raises Damaged, Unread or Excessive."""
    header = number(data, 14, "<I")
    if header not in HEADERS:
        raise Unread(f"a BMP with a header of {header} bytes is not read")
    if header == SHORT_HEADER:
        width, height, compression = number(data, 18, "<H"), number(data, 20, "<H"), 0
    else:
        width, height, compression = number(data, 18, "<I"), abs(number(data, 22, "<i")), number(data, 30, "<I")
    pixels = width * height
    if compression in RUN_LENGTH and (len(data) > MAX_RUN_BYTES or pixels > MAX_RUN_PIXELS):
        raise Excessive(
            f"a run-length-coded BMP may have {MAX_RUN_BYTES:,} bytes and {MAX_RUN_PIXELS:,} pixels; save it without"
        )
    return Claim("BMP", width, height, pixels * BYTES_PER_PIXEL, pixels)
