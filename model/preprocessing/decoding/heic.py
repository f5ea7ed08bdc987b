"""HEIC, the format of iPhone photos: supported if the extra `heic` is installed."""

from __future__ import annotations

from functools import cache

ADVICE = "set the phone's camera to “Most Compatible”, or send JPEG"


@cache
def has_heif() -> bool:
    """Whether HEIC can be read. The first call registers the decoder."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener(thumbnails=False, depth_images=False, aux_images=False, decode_threads=1)
    return True
