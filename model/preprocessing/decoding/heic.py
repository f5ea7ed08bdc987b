"""HEIC, the photos of iPhones: read where the extra `heic` is installed."""

from __future__ import annotations

from functools import cache

ADVICE = "set the phone's camera to “Most Compatible”, or send JPEG"


@cache
def has_heif() -> bool:
    """Whether HEIC can be read; registers the decoder when it is asked for the first time."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    return True
