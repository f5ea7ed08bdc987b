"""JSON from outside: how much it holds is counted before it is parsed, and reported briefly."""

from __future__ import annotations

import codecs
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from app.http.errors import InvalidField, Problem, invalid_field
from app.schemas.pixels import NO_BOOLS

SCAN_BYTES = 65_536  # looked at in one step
MAX_VALUES = 5_200  # in JSON for one picture; 32×32 pixels of four colours, refused by name, make 5,156
MAX_NAMES = 16  # in JSON for one picture, which has two or three; the address in a data-URI counts as one

T = TypeVar("T")


def is_small_json(body: bytes, pictures: int = 1) -> bool:
    """Whether JSON holds no more values and names than that many pictures have. Nothing is parsed for it.

    Of two values beside each other in JSON, one has a comma before it; the first in a list has `[` before it, and
    what has a name has `:`. So there are at most as many values as commas, `[` and `:`, and one. A string may hold
    these as well, which makes the bound looser, never wrong; base64 holds none. How deep JSON is nested is limited
    by the parser, at 200.
    """
    values = names = 0
    for start in range(0, len(body), SCAN_BYTES):
        end = start + SCAN_BYTES
        names += body.count(b":", start, end)
        values += body.count(b",", start, end) + body.count(b"[", start, end)
        if values > MAX_VALUES * pictures or names > MAX_NAMES * pictures:
            return False
    return True


def validate(adapter: TypeAdapter[T], body: bytes) -> T:
    """The body as what the adapter makes of it. Raises InvalidField or MalformedJson."""
    if not is_small_json(body):
        raise InvalidField(("", f"has more than {MAX_VALUES:,} values or {MAX_NAMES} names, and one picture has fewer"))
    return validate_counted(adapter, body)


def validate_counted(adapter: TypeAdapter[T], body: bytes) -> T:
    """As `validate`, for a body that was found small enough."""
    try:
        return adapter.validate_json(body, context=context_of(body))
    except ValidationError as error:
        raise wrong_json(error) from None


def context_of(body: bytes) -> object:
    """NO_BOOLS, which makes pixels quick to check, or None when the body may hold `true` or `false`."""
    return None if b"true" in body or b"false" in body else NO_BOOLS


def wrong_json(error: ValidationError) -> Problem:
    """The problem that a failed validation is."""
    return invalid_field(error.errors(include_url=False, include_input=False, include_context=False))


def as_utf8(text: bytes) -> bytes:
    """The text without the mark of its encoding that editors and shells put before it, and without space around."""
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            text = text.decode("utf-16").encode()
        except UnicodeError:  # it is no text; to replace what is wrong would take long
            return text
    return text.removeprefix(codecs.BOM_UTF8).strip()
