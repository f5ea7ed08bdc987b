"""A Pillow image in any mode → gray uint8 (H, W), 0 black to 255 white."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

MAX_BYTE = 255
WIDE_FACTOR = 257  # 65,535 / 255
SHARE_MAX = 1.0  # if no sample is higher, samples are shares of white


def plain(image: Image.Image) -> Image.Image:
    """Decode the picture, and convert it to mode L, RGB, RGBA, I or F. Raises Pillow's errors for a damaged file."""
    if image.format == "BMP" and image.mode == "RGBA" and not any(image.getchannel("A").getextrema()):
        return image.convert("RGB")  # programs without alpha leave its bytes 0
    image.load()
    mode = plain_mode(image)
    return image if image.mode == mode else image.convert(mode)  # `convert` would copy an equal mode


def plain_mode(image: Image.Image) -> str:
    """The mode that `plain` converts the picture to: L, RGB, RGBA, I or F."""
    if image.has_transparency_data:
        return "RGBA"
    if image.mode.startswith("I"):
        return "I"
    if image.mode in ("L", "RGB", "F"):
        return image.mode
    return "L" if image.mode == "1" else "RGB"


def to_gray(image: Image.Image) -> NDArray[np.uint8]:
    """Gray uint8 (H, W), 0 black to 255 white, of a picture in one of the modes of `plain`."""
    values = np.asarray(image)
    if image.mode == "L":
        return values
    if image.mode == "RGBA":
        return composited(values)
    return color_to_gray(values) if image.mode == "RGB" else wide_to_byte(values)


def wide_to_byte(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Convert samples wider than a byte to uint8. The highest decides what they are: shares 0–1, bytes, or 16 bits."""
    wide = np.nan_to_num(values.astype(np.float64))
    highest = wide.max(initial=0)
    if highest <= SHARE_MAX:
        wide = wide * MAX_BYTE
    elif highest > MAX_BYTE:
        wide = wide / WIDE_FACTOR
    return np.clip(np.rint(wide), 0, MAX_BYTE).astype(np.uint8)


def color_to_gray(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Gray of uint8 (H, W, 3): luma (ITU-R BT.601), or a color channel if ink stands out much more in that."""
    luma = np.rint(rgb @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)
    channels = [luma, rgb[..., 0], rgb[..., 1], rgb[..., 2]]
    spread = [float(channel.std()) for channel in channels]
    best = int(np.argmax(spread))
    return luma if spread[0] >= 0.6 * spread[best] else np.ascontiguousarray(channels[best])


def composited(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Composite uint8 (H, W, 4) on a background: gray uint8 (H, W).

    The background is the median of the opaque pixels if they cover most of the page, as paper does. Else these are the
    ink, and the background is white for dark ink, black for light ink. A page without opaque pixels is all white.
    """
    gray = color_to_gray(rgba[..., :3])
    alpha = rgba[..., 3]
    if alpha.min() == 255:
        return gray
    opaque = gray[alpha > 127]
    if not opaque.size:
        return np.full_like(gray, 255)
    if opaque.size > gray.size / 2:
        background = float(np.median(opaque))
    elif opaque.mean() < 128:
        background = 255.0
    else:
        background = 0.0
    share = alpha / np.float32(255)
    return np.rint(gray * share + background * (1 - share)).astype(np.uint8)
