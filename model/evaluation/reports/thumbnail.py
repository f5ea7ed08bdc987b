"""A picture file as a small tile of a sheet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.data.folders import image_bytes
from model.preprocessing.decoding.decode import decode
from model.preprocessing.errors import ImageError
from model.preprocessing.pipeline import DEFAULT_LIMITS

GROUND, EDGE = 244, 214  # gray levels around a picture of another shape, and of the line around every picture


def thumbnail(file: Path | bytes, width: int, height: int) -> NDArray[np.uint8]:
    """The picture in gray, uint8 (height, width), on a ground that fills the tile; only ground if it is gone by now."""
    tile = Image.new("L", (width, height), GROUND)
    try:
        data = file if isinstance(file, bytes) else image_bytes(file, DEFAULT_LIMITS.max_bytes)
        gray = Image.fromarray(decode(data, DEFAULT_LIMITS).gray)
    except (ImageError, OSError):
        return np.asarray(tile)
    scale = min(width / gray.width, height / gray.height)
    size = (max(1, round(gray.width * scale)), max(1, round(gray.height * scale)))
    small = gray.resize(size, Image.Resampling.BOX if scale < 1 else Image.Resampling.NEAREST)
    tile.paste(small, ((width - size[0]) // 2, (height - size[1]) // 2))
    return np.asarray(tile)
