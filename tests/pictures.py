"""Picture files that several tests send: a seven, any format, a bitmap with alpha, a PNG that lies, a ZIP of them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import numpy as np
from PIL import ExifTags, Image, ImageDraw

from model.preprocessing.pipeline import to_png

NEAR = 12  # mean difference in gray levels that lossy formats and resampling may leave


def encoded(image: Image.Image | np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    """The picture as a file of this format."""
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(buffer, kind, **options)
    return buffer.getvalue()


def turned(upright: Image.Image) -> bytes:
    """A JPEG that is stored turned by a quarter, its bottom at the left, and says so, as phones store photos."""
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = 6
    return encoded(upright.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95, exif=tags)


def draw_seven(side: int = 200, ink: int = 0, paper: int = 255) -> Image.Image:
    """A seven, drawn with a broad pen."""
    image = Image.new("L", (side, side), paper)
    points = [(0.25, 0.22), (0.75, 0.2), (0.62, 0.45), (0.45, 0.85)]
    path = [(x * side, y * side) for x, y in points]
    ImageDraw.Draw(image).line(path, fill=ink, width=max(2, side // 14), joint="curve")
    return image


def painted(ink: tuple[int, ...], paper: tuple[int, ...], side: int) -> Image.Image:
    """A seven in two colors. In a color of four numbers, the last is alpha."""
    is_ink = np.asarray(draw_seven(side)) < 128
    return Image.fromarray(np.where(is_ink[..., None], np.uint8(ink), np.uint8(paper)))


def picture(number: int) -> bytes:
    """A seven that is different for each number."""
    return to_png(np.asarray(draw_seven(100 + number)))


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


def png_chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG, with its length and checksum (PNG specification, 5.3)."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and contains hardly any data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", rows) + png_chunk(b"IEND", b"")


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP of these files by their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
