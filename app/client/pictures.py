"""What may be sent as a picture, and how a batch is divided into requests."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Picture = Any  # bytes, a path, an open file, Pillow's image, or 28×28 or 32×32 pixels as lists or an array
Content = bytes | list[Any]  # a picture as it is sent: a file, or pixels

MOST = 64  # pictures in one request; a service with default settings takes 128
MOST_BYTES = 16_000_000  # in one request, unless a single picture has more; such a service takes 28 MB


def content_of(picture: Picture) -> Content:
    """The picture as it is sent. Raises OSError for a file that can't be read, TypeError for what is no picture."""
    if isinstance(picture, bytes | bytearray | memoryview):
        return bytes(picture)
    if isinstance(picture, str | os.PathLike):
        return Path(picture).read_bytes()
    if isinstance(picture, list):
        return picture
    if hasattr(picture, "read"):
        return bytes(picture.read())
    if hasattr(picture, "tolist"):
        pixels: list[Any] = picture.tolist()
        return pixels
    if hasattr(picture, "save"):
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        return buffer.getvalue()
    raise TypeError(f"a picture is bytes, a path, an open file, an image or an array, not {type(picture).__name__}")


def in_requests(pictures: Iterable[Picture]) -> Iterator[list[Content]]:
    """The pictures in lists of at most MOST and MOST_BYTES, none of them empty."""
    chunk: list[Content] = []
    size = 0
    for picture in pictures:
        content = content_of(picture)
        weight = len(content) if isinstance(content, bytes) else 0
        if chunk and (len(chunk) == MOST or size + weight > MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(content)
        size += weight
    if chunk:
        yield chunk
