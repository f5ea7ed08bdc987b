"""Why a picture can't be read; each error's text is a sentence that says what is wrong with this one."""

from __future__ import annotations


class ImageError(Exception):
    """A picture that can't be read.

    ├── EmptyImage  ├── UnsupportedFormat  ├── CorruptImage
    ├── ImageTooLarge  ├── ImageTooSmall  ├── InvalidPixels  └── BlankImage
    """


class EmptyImage(ImageError):
    """There are no bytes."""


class UnsupportedFormat(ImageError):
    """The bytes are of no format in `decoding.limits.FORMATS`."""


class CorruptImage(ImageError):
    """The bytes begin like an image and can't be decoded."""


class ImageTooLarge(ImageError):
    """More bytes or pixels than the limits allow, or decoding would take too much memory or time."""


class ImageTooSmall(ImageError):
    """A side is shorter than `decoding.limits.MIN_SIDE`."""


class InvalidPixels(ImageError):
    """The array is not 28×28 or 32×32 of uint8."""


class BlankImage(ImageError):
    """There is no ink on the page."""
