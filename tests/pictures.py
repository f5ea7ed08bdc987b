"""Picture files that several tests send: a drawing in a format, a bitmap with alpha, a PNG that lies about its size."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from PIL import Image

NEAR = 12  # mean difference in gray levels that lossy formats and resampling may leave


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def ramp(width: int, height: int, kind: str = "PNG") -> bytes:
    """A picture file with a gray ramp."""
    shades = np.linspace(0, 255, width * height).reshape(height, width).astype(np.uint8)
    return encoded(Image.fromarray(shades), kind)


def bmp_with_alpha(image: Image.Image, alpha: int | np.ndarray) -> bytes:
    """A bitmap of 32 bits with a V5 header, whose masks name an alpha channel; its level, or one for each pixel."""
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    head = struct.pack("<IiiHHIIiiII", 124, image.width, -image.height, 1, 32, 3, 0, 0, 0, 0, 0) + masks
    shades = np.asarray(image)
    pixels = np.stack([shades, shades, shades, np.full_like(shades, alpha)], -1).tobytes()
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 138) + head.ljust(124, b"\0") + pixels


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and contains hardly any data."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"\0" * 100)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
