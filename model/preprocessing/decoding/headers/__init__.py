"""Read a picture file's header: its size, and the memory and work that decoding will take, before anything is decoded.

Each format has a module. Its bytes and work per pixel are at least what Pillow 13.0 was measured to take
(`python -m bench.decoding` prints both side by side). Its limits on segments, chunks, scans or tiles are several times
what programs write.
"""

from __future__ import annotations

from collections.abc import Callable

from model.preprocessing.decoding.headers import bmp, gif, heif, jpeg, jpeg2000, netpbm, png, tiff, webp
from model.preprocessing.decoding.headers.claim import Claim, Damaged, Excessive, Shrinking, Unread, usual_shrinking
from model.preprocessing.decoding.headers.foreign import name_of

__all__ = ["Claim", "Damaged", "Excessive", "Shrinking", "Unread", "claim_of", "name_of"]

READERS: dict[bytes, Callable[[bytes], Claim]] = {
    b"\x89PNG": png.claim,
    b"\xff\xd8": jpeg.claim,
    b"RIFF": webp.claim,
    b"GIF8": gif.claim,
    b"BM": bmp.claim,
    b"II*\0": tiff.claim,
    b"MM\0*": tiff.claim,
    b"II+\0": tiff.claim,
    b"MM\0+": tiff.claim,
    **dict.fromkeys((b"P1", b"P2", b"P3", b"P4", b"P5", b"P6"), netpbm.claim),
}


def claim_of(data: bytes, shrinking: Shrinking = usual_shrinking) -> Claim:
    """Read the header of a file in any format. Raises Damaged, Excessive or Unread.

    shrinking: how far the picture will be shrunk, which decides what it takes to decode a JPEG 2000.
    """
    if data.startswith((jpeg2000.FILE, jpeg2000.STREAM)):
        return jpeg2000.claim(data, shrinking)
    if heif.is_heif(data):
        return heif.claim(data)
    for start, reader in READERS.items():
        if data.startswith(start):
            return reader(data)
    raise Unread("")
