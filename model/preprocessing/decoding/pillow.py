"""Decode a file by Pillow to gray, shrunk to the limits' working size and turned upright by its EXIF orientation.

Without EXIF, Pillow takes the orientation from a file's XMP. The file's header must be within the limits (limits.py).
Why not `ImageOps.exif_transpose`: it also rewrites the other EXIF tags, and fails if those are damaged. Of 19,069 JPEGs
with damaged EXIF that are read here, it failed on 242.
"""

from __future__ import annotations

import io
import logging
import warnings

import numpy as np
from PIL import AvifImagePlugin, ExifTags, Image, PngImagePlugin, UnidentifiedImageError

from model.preprocessing.decoding.c_libraries import silence_libtiff
from model.preprocessing.decoding.gray import plain, to_gray
from model.preprocessing.decoding.headers import Claim
from model.preprocessing.decoding.limits import Limits, check_size
from model.preprocessing.decoding.netpbm import open_netpbm
from model.preprocessing.decoding.page import TRANSPOSE_BY_ORIENTATION, Page
from model.preprocessing.errors import CorruptImage, ImageError, ImageTooLarge

Image.MAX_IMAGE_PIXELS = None  # `Limits` decides instead
PngImagePlugin.MAX_TEXT_MEMORY = 16_000_000  # bytes that all texts of a PNG may unpack to
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # decode in the calling thread, whose priority was set; not in new threads
warnings.filterwarnings("ignore", module=r"PIL\.")  # the client gets the error of a damaged file; the log needs no line
logging.getLogger("PIL").setLevel(logging.CRITICAL)
silence_libtiff()


def decode_claimed(data: bytes, claim: Claim, limits: Limits) -> Page:
    """Decode a picture whose claim is within the limits. Raises ImageError."""
    image, size, transpose = load(data, claim, limits)
    gray = to_gray(image)  # first, since turning gray takes less time than turning colors
    if transpose is not None:
        gray = np.asarray(Image.fromarray(gray).transpose(transpose))
    return Page(gray, claim.format, size, transpose)


def load(data: bytes, claim: Claim, limits: Limits) -> tuple[Image.Image, tuple[int, int], Image.Transpose | None]:
    """Decode to the working size in a mode of `plain`.

    Also return the size of the picture, and the transpose that turns it upright, None if it is.

    Raises ImageError.
    """
    try:
        with open_image(data, claim) as image:
            check_size(*image.size, limits)
            size = image.size  # before a decoder that shrinks changes it
            small = plain(shrink(image, claim, limits))
            return small, size, exif_transpose_of(image) if may_have_exif(image) else None
    except ImageError:
        raise
    except UnidentifiedImageError:
        raise CorruptImage("The image is cut or damaged: its header can't be read.") from None
    except MemoryError:
        raise ImageTooLarge("The image needs more memory than there is.") from None
    except Exception as error:  # Pillow's plugins raise all kinds of errors for damaged files
        raise CorruptImage(f"The image is cut or damaged: {one_line(error)}.") from None


def open_image(data: bytes, claim: Claim) -> Image.Image:
    """Open the picture. Pillow decodes it later, when its pixels are needed; a Netpbm is decoded at once."""
    if claim.format == "PPM":
        return open_netpbm(data)
    return Image.open(io.BytesIO(data), formats=(claim.format,))


def shrink(image: Image.Image, claim: Claim, limits: Limits) -> Image.Image:
    """Shrink the picture as the limits say. A JPEG or JPEG 2000 is decoded at reduced size; others are averaged."""
    factor = limits.shrinking(*image.size)
    if factor < 2:
        return image
    if image.format in ("JPEG", "MPO"):
        image.draft(None, (max(1, image.width // factor), max(1, image.height // factor)))
    elif image.format == "JPEG2000":
        setattr(image, "reduce", claim.halvings)  # noqa: B010 - the plugin's property, which hides the method `reduce`
        image.load()
    factor = limits.shrinking(*image.size)
    return image if factor < 2 else Image.Image.reduce(plain(image), factor)  # the method, which the plugin hides


def exif_transpose_of(image: Image.Image) -> Image.Transpose | None:
    """The transpose that turns the picture upright by its EXIF orientation; None if it is upright."""
    return TRANSPOSE_BY_ORIENTATION.get(image.getexif().get(ExifTags.Base.Orientation, 1))


def may_have_exif(image: Image.Image) -> bool:
    """Whether the picture may have EXIF tags: reading them takes time."""
    return image.format in ("JPEG", "MPO", "TIFF", "WEBP") or "exif" in image.info


def one_line(error: Exception) -> str:
    """A decoder's message as one line, without its final full stop."""
    return " ".join(str(error).split()).rstrip(". ")
