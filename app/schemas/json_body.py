"""Validate JSON bodies. The number of values is bounded before anything is parsed, and errors are kept short."""

from __future__ import annotations

import codecs
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from app.http.errors import InvalidField, Problem, invalid_field
from app.schemas.pixels import NO_BOOLS

SCAN_BYTES = 65_536  # scanned in one step
MAX_VALUES = 5_200  # in JSON for one picture; 32×32 RGBA pixels have 5,156, so that their error names the channels
MAX_NAMES = 16  # in JSON for one picture, which needs two or three; the colon of a data-URI counts as one

T = TypeVar("T")


def is_small_json(body: bytes, pictures: int = 1) -> bool:
    """Whether JSON has no more values and names than `pictures` pictures may have. Counts bytes; parses nothing.

    Each value in JSON, except the outermost one, follows a `,`, a `[` or a `:`. So the count of these three bytes, plus
    one, is an upper bound for the number of values. Strings may contain them, too; then the bound is larger than needed
    but still right. Base64 contains none. The parser limits the depth of nesting, to 200.
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
    """Parse and validate the body of one picture. Raises InvalidField or MalformedJson."""
    if not is_small_json(body):
        raise InvalidField(("", f"has more than {MAX_VALUES:,} values or {MAX_NAMES} names, and one picture has fewer"))
    return validate_counted(adapter, body)


def validate_counted(adapter: TypeAdapter[T], body: bytes) -> T:
    """As `validate`, for a body that `is_small_json` has accepted."""
    try:
        return adapter.validate_json(body, context=context_of(body))
    except ValidationError as error:
        raise wrong_json(error) from None


def context_of(body: bytes) -> object:
    """NO_BOOLS, which makes the check of pixels faster; None when the body may contain `true` or `false`."""
    return None if b"true" in body or b"false" in body else NO_BOOLS


def wrong_json(error: ValidationError) -> Problem:
    """The problem for a failed validation."""
    return invalid_field(error.errors(include_url=False, include_input=False, include_context=False))


def as_utf8(text: bytes) -> bytes:
    """Remove a byte order mark, which editors and shells add, and space around the text; convert UTF-16 to UTF-8."""
    if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            text = text.decode("utf-16").encode()
        except UnicodeError:  # it is no text; replacing the invalid bytes would take long
            return text
    return text.removeprefix(codecs.BOM_UTF8).strip()
