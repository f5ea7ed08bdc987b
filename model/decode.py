"""Bytes of a picture file → a grayscale array, within limits that are checked before anything is decoded."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from model.small_png import decode_small_png

Image.MAX_IMAGE_PIXELS = None  # `Limits` decides, and tells the client

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MAGIC = (b"\x89PNG", b"\xff\xd8", b"RIFF", b"GIF8", b"BM", b"II*\0", b"MM\0*")  # how a cut file is still recognised
MIN_SIDE = 8  # pixels
WORK_SIDE = 512  # pixels; a larger picture is shrunk to about this before it is looked at
ORIENTATION = 0x0112  # EXIF tag
# EXIF orientation → (quarter turns counter-clockwise, mirrored left to right afterwards)
TURNS = {2: (0, True), 3: (2, False), 4: (2, True), 5: (3, True), 6: (3, False), 7: (1, True), 8: (1, False)}


class ImageError(Exception):
    """A picture that can't be read; the text says why.

    ├── EmptyImage  ├── UnsupportedFormat  ├── CorruptImage
    ├── ImageTooLarge  ├── ImageTooSmall  ├── InvalidPixels  └── BlankImage
    """

    status = 422
    slug = "unreadable-image"
    title = "The image can't be read"
    remedy = "Send a PNG or JPEG of one dark digit on light paper, or the other way round."


class EmptyImage(ImageError):
    """There are no bytes."""

    status, slug, title = 400, "empty-body", "There is no image in the request"
    remedy = "Send the bytes of the image, as `curl --data-binary @7.png` does."


class UnsupportedFormat(ImageError):
    """The bytes are of no format in FORMATS."""

    status, slug, title = 415, "unsupported-image", "The image is of no format that is read here"
    remedy = "Send PNG, JPEG, WebP, GIF, BMP or TIFF."


class CorruptImage(ImageError):
    """The bytes begin like an image and can't be decoded."""

    status, slug, title = 422, "corrupt-image", "The image is cut or damaged"
    remedy = "Open the file in a viewer; send it again, whole."


class ImageTooLarge(ImageError):
    """More bytes or pixels than the limits allow."""

    status, slug, title = 413, "image-too-large", "The image is larger than this service reads"
    remedy = "Shrink the image; a digit needs no more than a few hundred pixels a side."


class ImageTooSmall(ImageError):
    """A side is shorter than MIN_SIDE."""

    status, slug, title = 422, "image-too-small", "The image is too small to show a digit"
    remedy = f"Send at least {MIN_SIDE}×{MIN_SIDE} pixels."


class Limits(NamedTuple):
    """What is refused before decoding."""

    max_bytes: int = 20_000_000
    max_pixels: int = 50_000_000


class Page(NamedTuple):
    """A decoded picture: gray uint8 (H, W), 0 black to 255 white, at most about WORK_SIDE a side; the file's format."""

    gray: NDArray[np.uint8]
    format: str


def decode(data: bytes, limits: Limits) -> Page:
    """The picture in `data`. Raises ImageError for whatever can't be decoded."""
    if not data:
        raise EmptyImage("The image is empty.")
    if len(data) > limits.max_bytes:
        raise ImageTooLarge(f"The image has {len(data):,} bytes, more than {limits.max_bytes:,}.")
    small = decode_small_png(data, MIN_SIDE)
    if small is not None and small.size <= limits.max_pixels:
        return Page(small, "PNG")
    return decode_any(data, limits)


def decode_any(data: bytes, limits: Limits) -> Page:
    """The picture in `data`, of any format, by Pillow. Raises ImageError."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            check_size(width, height, limits)
            gray = to_gray(shrink(image))
            turn = TURNS.get(image.getexif().get(ORIENTATION, 1)) if may_have_exif(image) else None
            return Page(turned(gray, turn), str(image.format))
    except ImageError:
        raise
    except UnidentifiedImageError:
        if data.startswith(MAGIC):
            raise CorruptImage("The image is cut or damaged: its header can't be read.") from None
        raise UnsupportedFormat("The bytes are no PNG, JPEG, WebP, GIF, BMP or TIFF.") from None
    except MemoryError:
        raise ImageTooLarge("The image needs more memory than there is.") from None
    except Exception as error:  # Pillow's plugins raise whatever a damaged file leads them to
        raise CorruptImage(f"The image is cut or damaged: {error}.") from None


def check_size(width: int, height: int, limits: Limits) -> None:
    """Raise ImageTooLarge or ImageTooSmall for what the header claims."""
    if width * height > limits.max_pixels:
        raise ImageTooLarge(f"The image has {width}×{height} pixels, more than {limits.max_pixels:,}.")
    if min(width, height) < MIN_SIDE:
        raise ImageTooSmall(f"The image has {width}×{height} pixels; a side needs {MIN_SIDE}.")


def may_have_exif(image: Image.Image) -> bool:
    """Whether a look for EXIF is worth its time."""
    return image.format in ("JPEG", "TIFF", "WEBP") or "exif" in image.info


def shrink(image: Image.Image) -> Image.Image:
    """The picture at about WORK_SIDE: a JPEG is decoded small right away, others are averaged."""
    longer = max(image.size)
    if longer < 2 * WORK_SIDE:
        return image
    if image.format == "JPEG":
        image.draft(None, (WORK_SIDE * image.width // longer, WORK_SIDE * image.height // longer))
    factor = max(image.size) // WORK_SIDE
    if factor < 2:
        return image
    if image.mode in ("1", "P", "PA"):
        return image.convert("RGBA" if has_alpha(image) else "RGB").reduce(factor)
    if image.mode.startswith("I"):
        return Image.fromarray(wide_to_byte(np.asarray(image))).reduce(factor)
    return image.reduce(factor)


def has_alpha(image: Image.Image) -> bool:
    """Whether some pixels may be transparent."""
    return image.mode in ("LA", "RGBA", "PA", "La", "RGBa") or "transparency" in image.info


def to_gray(image: Image.Image) -> NDArray[np.uint8]:
    """uint8 (H, W) of a picture in any mode."""
    if image.mode == "L" and "transparency" not in image.info:
        return np.asarray(image)
    if has_alpha(image):
        return on_paper(np.asarray(image.convert("RGBA")))
    if image.mode.startswith("I") or image.mode == "F":
        return wide_to_byte(np.asarray(image))
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    return color_to_gray(np.asarray(image.convert("RGB")))


def wide_to_byte(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """16-bit or wider samples → uint8; a file that keeps bytes in wide samples is taken as bytes."""
    wide = np.nan_to_num(values.astype(np.float64))
    if wide.max(initial=0) > 255:
        wide = wide / 257  # 65,535 / 255
    return np.clip(np.rint(wide), 0, 255).astype(np.uint8)


def color_to_gray(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Luma (ITU-R BT.601) of uint8 (H, W, 3), or the channel in which the ink stands out where luma hides it."""
    luma = np.rint(rgb @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.uint8)
    channels = [luma, rgb[..., 0], rgb[..., 1], rgb[..., 2]]
    spread = [float(channel.std()) for channel in channels]
    best = int(np.argmax(spread))
    return luma if spread[0] >= 0.6 * spread[best] else np.ascontiguousarray(channels[best])


def on_paper(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Composite uint8 (H, W, 4) on its paper: what is opaque around the ink, else white or black, whichever shows."""
    gray = color_to_gray(rgba[..., :3])
    alpha = rgba[..., 3]
    if alpha.min() == 255:
        return gray
    opaque = gray[alpha > 127]
    if not opaque.size:
        return np.full_like(gray, 255)
    if opaque.size > gray.size / 2:
        paper = float(np.median(opaque))
    elif opaque.mean() < 128:
        paper = 255.0
    else:
        paper = 0.0
    share = alpha / np.float32(255)
    return np.rint(gray * share + paper * (1 - share)).astype(np.uint8)


def turned(gray: NDArray[np.uint8], turn: tuple[int, bool] | None) -> NDArray[np.uint8]:
    """The picture upright, as its EXIF orientation says."""
    if turn is None:
        return gray
    quarters, mirrored = turn
    upright = np.rot90(gray, quarters)
    return np.ascontiguousarray(upright[:, ::-1] if mirrored else upright)
