"""Errors that say why a picture can't be read.

The text of each is about this picture: what is wrong and, if only the picture tells, what to do (a ZIP: unpack it).
`numeral predict` prints it as it stands. Advice for each kind of error is up to the caller; the service gives some.
"""

from __future__ import annotations


class ImageError(Exception):
    """A picture can't be read.

    ├── EmptyImage  ├── UnsupportedFormat  ├── CorruptImage
    ├── ImageTooLarge  ├── ImageTooSmall  ├── InvalidPixels
    ├── BlankImage  └── CrowdedPage
    """


class EmptyImage(ImageError):
    """There are no bytes."""


class UnsupportedFormat(ImageError):
    """The bytes are in no format of `decoding.limits.FORMATS`."""


class CorruptImage(ImageError):
    """The bytes begin like an image but can't be decoded."""


class ImageTooLarge(ImageError):
    """The image has more bytes or pixels than allowed, or decoding it would take too much memory or time."""


class ImageTooSmall(ImageError):
    """A side is shorter than `decoding.limits.MIN_SIDE`."""


class InvalidPixels(ImageError):
    """The array is not 28×28 or 32×32 of uint8."""


class BlankImage(ImageError):
    """There is no ink on the page."""


class CrowdedPage(ImageError):
    """There are more marks on the page than are read as numbers."""
