"""Recognize files in unsupported formats that people send, and say what to send instead."""

from __future__ import annotations

SNIFFED = 1_024  # first bytes of a file, in which text formats are looked for
RENDER = "render it to PNG first"
BY_START = {
    b"%PDF": f"a PDF; {RENDER}",
    b"%!PS": f"a PostScript; {RENDER}",
    b"PK\x03\x04": "a ZIP; unpack it first",
    b"\x1f\x8b": "gzip; unpack it first",
    b"8BPS": "a Photoshop document; save it as PNG first",
    b"\xff\x0a": "a JPEG XL; save it as PNG or JPEG first",
    b"\0\0\0\x0cJXL ": "a JPEG XL; save it as PNG or JPEG first",
    b"\0\0\1\0": "an icon; save it as PNG first",
    b"P7\n": "a PAM; save it as PGM or PNG first",
    b"data:": "a data-URI as text; decode it first",
    b"{": "JSON, and no picture file",
    b"[": "JSON, and no picture file",
}
BY_TEXT = {b"<svg": f"an SVG; {RENDER}", b"<html": "a web page; send the picture itself"}


def name_of(data: bytes) -> str | None:
    """What the bytes are and what to do, to complete "The bytes are …"; None if unknown."""
    text = data[:SNIFFED].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(b"<"):
        return next((name for tag, name in BY_TEXT.items() if tag in text), None)
    return next((name for start, name in BY_START.items() if data.startswith(start)), None)
