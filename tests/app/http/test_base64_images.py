"""Base64 in all its variants, and text that is not base64."""

from __future__ import annotations

import base64
import string
import textwrap
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.http.base64_images import NotAnImage, decode_text, is_binary, looks_encoded

FILE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 3  # whose base64 has every character
TEXT = base64.b64encode(FILE).decode()


def wrapped(width: int, gap: str) -> str:
    return gap.join(textwrap.wrap(TEXT, width))


FORMS = {
    "plain": TEXT,
    "unpadded": TEXT.rstrip("="),
    "url-safe": TEXT.translate(str.maketrans("+/", "-_")),
    "url-safe, unpadded": TEXT.translate(str.maketrans("+/", "-_")).rstrip("="),
    "data-uri": f"data:image/png;base64,{TEXT}",
    "data-uri in capitals": f"DATA:image/png;charset=utf-8;base64,{TEXT}",
    "data-uri, escaped": f"data:image/png;base64,{quote(TEXT, safe='')}",
    "escaped in small letters": quote(TEXT, safe="").replace("%2B", "%2b").replace("%2F", "%2f"),
    "wrapped as mail": wrapped(76, "\r\n") + "\r\n",
    "wrapped, unpadded": wrapped(64, "\n").rstrip("="),
    "wrapped, then by a shell": wrapped(76, " "),
    "wrapped and indented": "\n    " + wrapped(76, "\n    "),
    "plus lost": TEXT.replace("+", " "),
    "plus lost, wrapped": wrapped(76, "\n").replace("+", " "),
    "in quotes": f'"{TEXT}"',
    "as Python shows bytes": repr(TEXT.encode()),
}


@pytest.mark.parametrize("name", FORMS)
def test_base64_is_read_whatever_its_form(name: str) -> None:
    assert decode_text(FORMS[name].encode()) == FILE
    assert looks_encoded(FORMS[name].strip().encode())


@given(st.binary(max_size=300), st.booleans())
def test_any_file_is_read_with_its_plus_signs_lost(inside: bytes, padded: bool) -> None:
    file = b"\x89PNG" + inside + b"IEND"
    text = base64.b64encode(file).replace(b"+", b" ")
    assert decode_text(text if padded else text.rstrip(b"=")) == file


def test_a_long_text_is_decoded_in_pieces() -> None:
    file = bytes(range(256)) * 10_000
    assert decode_text(base64.b64encode(file)) == file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seven", "neither base64"),
        ("@@@@", "neither base64"),
        (TEXT[:-3] + "é", "neither base64"),
        (TEXT[:41], "neither base64"),
        ("data:image/png;base64", "without a comma"),
        ("data:,a!", "neither base64"),
        ("https://example.org/7.png", "an address"),
        ("%41" * 100_000, "neither base64"),
    ],
    ids=lambda value: value[:20],
)
def test_what_is_no_base64_is_said(text: str, said: str) -> None:
    with pytest.raises(NotAnImage, match=said):
        decode_text(text.encode())


@pytest.mark.parametrize(
    "data",
    [b"seven", b"GIF89a", b"P2\n" + b"28 28 255 " * 20, b'{"image": "' + b"A" * 100, b"RIFF\x10\0\0\0WEBPVP8 " * 9],
    ids=["a word", "a cut GIF", "a PGM in text", "JSON", "WebP"],
)
def test_other_content_does_not_look_like_base64(data: bytes) -> None:
    assert not looks_encoded(data)


@pytest.mark.parametrize(
    ("data", "binary"),
    [
        (b"", False),
        (b"seven", False),
        ("sieben über".encode(), False),
        (("a" * 63 + "ü").encode(), False),  # cut in the middle of a character by looking at 64 bytes
        (b"\x89PNG\r\n", True),
        (b"\xff\xd8\xff\xe0", True),
        (b"GIF89a\x1c\0\x1c\0", True),
        (string.printable.encode(), False),
    ],
)
def test_images_are_binary_and_text_is_not(data: bytes, binary: bool) -> None:
    assert is_binary(data) == binary
