"""Paint a digit on paper and encode it as a picture file. Ink is the share of each pixel that it covers, 0–1."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Ink = NDArray[np.uint8]  # (28, 28), white ink on black
Share = NDArray[np.float32]  # (H, W), 0 paper to 1 ink

WHITE, BLACK = 255.0, 0.0


def enlarge(ink: Ink, side: int) -> Share:
    """Resize ink uint8 (H, W), white on black, to a share of ink float32 (side, side), 0–1."""
    resized = Image.fromarray(ink).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(resized, np.float32) / np.float32(255)


def png(page: NDArray[np.uint8]) -> bytes:
    """Encode uint8 (H, W), (H, W, 3) or (H, W, 4) as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(page).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def jpeg(page: NDArray[np.uint8], quality: int) -> bytes:
    """Encode uint8 (H, W) or (H, W, 3) as JPEG. quality: 1–95."""
    buffer = io.BytesIO()
    Image.fromarray(page).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def paint(share: Share, paper: object = WHITE, ink: object = BLACK) -> NDArray[np.uint8]:
    """Blend paper and ink by the share of ink (H, W), 0–1: uint8 (H, W) for gray levels, (H, W, 3) for colors.

    paper, ink: gray levels 0–255, or RGB colors, or a whole page of them (H, W, 3).
    """
    paper, ink = np.asarray(paper, np.float32), np.asarray(ink, np.float32)
    weight = share if paper.ndim == 0 else share[..., None]
    return np.clip(np.rint(paper + (ink - paper) * weight), 0, 255).astype(np.uint8)
