"""Decoding by Pillow: a file whose claim is within the limits → gray, at about WORK_SIDE, the right way up.

Pillow turns the picture; which way, is looked up here. `ImageOps.exif_transpose`, which does both, writes the other
EXIF tags anew and fails where those are damaged: of 19,069 JPEGs with damaged EXIF that are read here it failed on 242.
"""

from __future__ import annotations

import io
import logging
import warnings

import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin, ExifTags, Image, PngImagePlugin, UnidentifiedImageError

from model.preprocessing.decoding.c_libraries import hush_libtiff
from model.preprocessing.decoding.gray import plain, to_gray
from model.preprocessing.decoding.headers import Claim
from model.preprocessing.decoding.headers.claim import WORK_SIDE
from model.preprocessing.decoding.limits import Limits, check_size
from model.preprocessing.decoding.netpbm import open_netpbm
from model.preprocessing.errors import CorruptImage, ImageError, ImageTooLarge

Image.MAX_IMAGE_PIXELS = None  # `Limits` decides, and the error says so
PngImagePlugin.MAX_TEXT_MEMORY = 16_000_000  # bytes that all texts of a PNG may unpack to
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the thread that decodes has its priority; the decoder's own would not
warnings.filterwarnings("ignore", module=r"PIL\.")  # whoever sent a damaged file hears of it, not the log
logging.getLogger("PIL").setLevel(logging.CRITICAL)
hush_libtiff()

UPRIGHT_BY = {  # EXIF orientation → what sets the picture upright; CIPA DC-008, "Orientation"
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode_claimed(data: bytes, claim: Claim, limits: Limits) -> NDArray[np.uint8]:
    """Gray uint8 (H, W), upright, of a picture whose claim is within the limits. Raises ImageError."""
    image, transpose = load(data, claim, limits)
    gray = to_gray(image)  # which is turned sooner than colours
    return gray if transpose is None else np.asarray(Image.fromarray(gray).transpose(transpose))


def load(data: bytes, claim: Claim, limits: Limits) -> tuple[Image.Image, Image.Transpose | None]:
    """The decoded picture at about WORK_SIDE in a plain mode, and what sets it upright. Raises ImageError."""
    try:
        with open_image(data, claim) as image:
            check_size(*image.size, limits)
            small = plain(shrink(image, claim))
            return small, upright_by(image) if may_have_exif(image) else None
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise CorruptImage("The image is cut or damaged: its header can't be read.") from None
    except MemoryError:
        raise ImageTooLarge("The image needs more memory than there is.") from None
    except Exception as error:  # Pillow's plugins raise whatever a damaged file leads them to
        raise CorruptImage(f"The image is cut or damaged: {one_line(error)}.") from None


def open_image(data: bytes, claim: Claim) -> Image.Image:
    """The picture, not yet decoded where Pillow does that."""
    if claim.format == "PPM":
        return open_netpbm(data)
    return Image.open(io.BytesIO(data), formats=(claim.format,))


def shrink(image: Image.Image, claim: Claim) -> Image.Image:
    """The picture at about WORK_SIDE: a JPEG is decoded small right away, others are averaged."""
    longer = max(image.size)
    if longer < 2 * WORK_SIDE:
        return image
    if image.format in ("JPEG", "MPO"):
        image.draft(None, (WORK_SIDE * image.width // longer, WORK_SIDE * image.height // longer))
    elif image.format == "JPEG2000":
        setattr(image, "reduce", claim.halvings)  # noqa: B010 - the plugin's own property, which hides the method
        image.load()
    factor = max(image.size) // WORK_SIDE
    return image if factor < 2 else plain(image).reduce(factor)


def upright_by(image: Image.Image) -> Image.Transpose | None:
    """What sets the picture upright, as the EXIF orientation of its file says; None for one that is."""
    return UPRIGHT_BY.get(image.getexif().get(ExifTags.Base.Orientation, 1))


def may_have_exif(image: Image.Image) -> bool:
    """Whether a look for EXIF is worth its time."""
    return image.format in ("JPEG", "MPO", "TIFF", "WEBP") or "exif" in image.info


def one_line(error: Exception) -> str:
    """What a decoder says, without line ends and a full stop."""
    return " ".join(str(error).split()).rstrip(". ")
