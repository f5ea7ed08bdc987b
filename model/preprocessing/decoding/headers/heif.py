"""AVIF and HEIC (ISO/IEC 23008-12): the size of the largest picture in the file."""

from __future__ import annotations

from model.preprocessing.decoding.headers.av1 import largest_frame
from model.preprocessing.decoding.headers.boxes import Box, boxes, find
from model.preprocessing.decoding.headers.claim import Claim, Damaged, Unread, number

AVIF_BRANDS = (b"avif", b"mif1")
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis")
MOVING = (b"avis", b"msf1", b"hevc", b"hevx", b"hevm", b"hevs")
BYTES_PER_PIXEL = 16  # planes of 8 or 10 bits, two copies in color, and the picture
WORK = 10  # per pixel, in units of a pixel of a PNG


def is_heif(data: bytes) -> bool:
    """Whether the file is an AVIF or HEIC, still or moving."""
    return data[4:8] == b"ftyp" and data[8:12] in (*AVIF_BRANDS, *HEIC_BRANDS, *MOVING)


def is_heic(data: bytes) -> bool:
    """Whether the file holds HEVC, which needs a decoder of its own."""
    brands = data[8:12], *(data[at : at + 4] for at in range(16, min(number(data, 0, ">I"), 128), 4))
    return data[8:12] in HEIC_BRANDS or (b"avif" not in brands and any(brand in HEIC_BRANDS for brand in brands))


def claim(data: bytes) -> Claim:
    """Read the header of an AVIF or HEIC. Raises Damaged, Unread or Excessive."""
    if data[8:12] in MOVING:
        raise Unread("a moving AVIF or HEIC is not read; send a still picture")
    meta = find(data, b"meta", 0, len(data))
    meta = meta._replace(start=meta.start + 4)  # after version and flags
    width, height = largest(data, meta)
    kind = "HEIF" if is_heic(data) else "AVIF"
    pixels = width * height
    if kind == "AVIF":
        pixels = max(pixels, largest_frame(data, meta))
    return Claim(kind, width, height, pixels * BYTES_PER_PIXEL, pixels * WORK)


def largest(data: bytes, meta: Box) -> tuple[int, int]:
    """Width and height of the largest picture that a property `ispe` describes. Raises Damaged if there is none."""
    properties = find(data, b"iprp", meta.start, meta.end)
    container = find(data, b"ipco", properties.start, properties.end)
    sizes = [
        (number(data, box.start + 4, ">I"), number(data, box.start + 8, ">I"))
        for box in boxes(data, container.start, container.end)
        if box.kind == b"ispe"
    ]
    if not sizes:
        raise Damaged("its size can't be read")
    return max(sizes, key=lambda size: size[0] * size[1])
