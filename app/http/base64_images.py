"""Image files as text. They are decoded from base64 or a data-URI in every variant that is unambiguous.

For any text, valid or not, the work is a few passes over it in C, and the memory a few times its length.
"""

from __future__ import annotations

import base64
import codecs
import re
import string
from urllib.parse import unquote_to_bytes

PIECE = 1 << 20  # characters decoded at once, a multiple of 4; other threads can run between two pieces
MIN_CHARACTERS = 64  # no image is shorter, but an ordinary word may be
HEAD_BYTES = 64
MAX_GAP = 64  # spaces between two lines of base64
MAX_ESCAPES = 20_000  # each takes half a µs; the frequent ones, one in thirty characters of base64, are not counted
SPACES = string.whitespace.encode()
BASE64_CHARACTERS = (string.ascii_letters + string.digits + "+/-_=%\"'").encode() + SPACES
BASE64_ALPHABET = bytes.maketrans(b"-_", b"+/")
FREQUENT_ESCAPES = {f"%{ord(character):02X}".encode(): character.encode() for character in '+/=,;:[]{}" \r\n'}
PLAIN_PNM = tuple(f"P{kind}{space}".encode() for kind in "123" for space in " \t\r\n")  # an image format that is text


class NotAnImage(ValueError):
    """The text is neither base64 nor a data-URI with base64. The message says why, as the end of a sentence."""


def as_data_uri(png: bytes) -> str:
    """The PNG as a data-URI."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def is_binary(data: bytes) -> bool:
    """Whether the data can't be text, judged by its first HEAD_BYTES."""
    head = data[:HEAD_BYTES]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    if b"\0" in head:
        return True
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start < HEAD_BYTES - 3  # later, it may be a character that the end of `head` cuts
    return False


def looks_encoded(data: bytes) -> bool:
    """Whether the data is a data-URI, or has MIN_CHARACTERS and only base64's characters in its first HEAD_BYTES."""
    if is_data_uri(data):
        return True
    if len(data) < MIN_CHARACTERS or data.startswith(PLAIN_PNM):
        return False
    return not data[:HEAD_BYTES].translate(None, BASE64_CHARACTERS)


def is_data_uri(data: bytes) -> bool:
    """Whether the data begins like a data-URI (RFC 2397)."""
    return data[:5].lower() == b"data:"


def decode_text(text: bytes) -> bytes:
    """Decode the text to the bytes of an image file. Raises NotAnImage."""
    if is_data_uri(text):
        _, comma, text = text.partition(b",")
        if not comma:
            raise NotAnImage("is a data-URI without a comma, and so without data")
    try:
        return decode_pieces(text)
    except ValueError:
        pass
    try:
        return decode_pieces(mended(text))
    except ValueError:
        raise NotAnImage(why_not(text)) from None


def decode_pieces(text: bytes) -> bytes:
    """Decode padded base64 without spaces. Raises ValueError."""
    if len(text) <= PIECE:
        return base64.b64decode(text, validate=True)
    starts = range(0, len(text), PIECE)
    return b"".join(base64.b64decode(text[start : start + PIECE], validate=True) for start in starts)


def mended(text: bytes) -> bytes:
    """Convert common variants of base64 to the standard form (RFC 4648, section 4).

    They are the URL-safe alphabet (`-_` for `+/`), percent-encoding (`%2B`), quotes (Python's `b'…'`, too), line ends,
    missing padding, and spaces: a form turns `+` into one, a shell turns line ends into them. Raises ValueError.
    """
    text = unescaped(text).strip()
    text = text.removeprefix(b"b'").strip(b"\"'")
    if b" " in text and not is_wrapped(text):
        text = text.replace(b" ", b"+")
    text = text.translate(BASE64_ALPHABET, SPACES).rstrip(b"=")
    return text + b"=" * (-len(text) % 4)


def is_wrapped(text: bytes) -> bool:
    """Whether the spaces in base64 separate lines of equal length, a multiple of 4 as every encoder makes them."""
    gap = re.search(rb"\s+", text)
    if gap is None or gap.start() % 4 or len(gap.group()) > MAX_GAP:
        return False
    spaces = [text[start :: gap.end()] for start in range(*gap.span())]
    rest = text.translate(None, SPACES)
    return len(rest) % 4 == 0 and all(map(bytes.isspace, spaces)) and len(rest) + sum(map(len, spaces)) == len(text)


def unescaped(text: bytes) -> bytes:
    """Decode percent-encoding. Raises ValueError when there are more escapes than an image could have."""
    if b"%" not in text:
        return text
    if text.count(b"%") > MAX_ESCAPES + len(text) // 8:
        raise ValueError("has too many escapes")
    for escape, character in FREQUENT_ESCAPES.items():
        text = text.replace(escape, character).replace(escape.lower(), character)
    if text.count(b"%") > MAX_ESCAPES:
        raise ValueError("has too many escapes")
    return unquote_to_bytes(text)


def why_not(text: bytes) -> str:
    """Why the text is no image, as the end of a sentence."""
    if text[:8].lower().startswith((b"http://", b"https://")):
        return "is an address, and this service fetches nothing; send the image itself, as base64 or as a data-URI"
    return "is neither base64 nor a data-URI with base64"
