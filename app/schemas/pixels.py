"""Convert pixels to rows of bytes: from nested or flat lists, 0–255 or 0–1, integers or fractions."""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import Any, TypeGuard

import numpy as np
from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

SIDES = (28, 32)
SIDE_OF = {side * side: side for side in SIDES}  # length of a flat list → side
LIST_SIDES = frozenset((*SIDES, *SIDE_OF))
NUMBERS = {int, float}
FULL_RANGE = bytes.maketrans(b"\0\1", b"\0\xff")  # translates the integers of the range 0–1 to 0–255
NO_BOOLS = object()  # context for the validation of JSON that contains neither `true` nor `false`
SHAPE = "must be 28×28 or 32×32 numbers, as rows or as one flat list"


def read_rows(value: object, info: ValidationInfo) -> list[bytes]:
    """The picture as 28 rows of 28 bytes, or 32 of 32.

    value: 28×28 or 32×32 numbers as rows, as one flat list, or with extra dimensions of 1 (28×28×1, 1×28×28).
    If no number is above 1, their range is 0–1, so integers 0 and 1 mean paper and ink. Otherwise their range is 0–255,
    and fractions are rounded. Raises PydanticCustomError, which pydantic reports with the field's name.

    In Python a boolean is an integer, and checking for booleans takes half of the time. The context NO_BOOLS says that
    the check is not needed.
    """
    if info.context is NO_BOOLS and is_square(value):
        with suppress(TypeError, ValueError):  # raised for anything but integers 0–255; handled below
            rows = list(map(bytes, value))
            is_of_bytes = any(row.translate(None, b"\0\1") for row in rows)
            return rows if is_of_bytes else [row.translate(FULL_RANGE) for row in rows]
    flat, side = flatten(value)
    data = from_numbers(flat, side)
    return [data[start : start + side] for start in range(0, len(data), side)]


def is_square(value: object) -> TypeGuard[list[list[Any]]]:
    """Whether it is a list of 28 lists of 28, or of 32 lists of 32."""
    if not is_list(value) or len(value) not in SIDES:
        return False
    return set(map(type, value)) == {list} and set(map(len, value)) == {len(value)}


def from_numbers(flat: list[Any], side: int) -> bytes:
    """Convert numbers of either range to bytes 0–255. Raises PydanticCustomError."""
    if not set(map(type, flat)) <= NUMBERS:
        raise wrong_pixel(flat, side)
    try:
        values = np.array(flat, np.float64)
    except OverflowError:  # an integer beyond every float
        raise wrong_pixel(flat, side) from None
    if not ((values >= 0) & (values <= 255)).all():  # both are false for NaN
        raise wrong_pixel(flat, side)
    scale = 255 if values.max() <= 1 else 1
    return np.rint(values * scale).astype(np.uint8).tobytes()


def flatten(value: object) -> tuple[list[Any], int]:
    """The pixels as one flat list, and the length of a row. Raises PydanticCustomError for another shape.

    Checks the length of each list before its items, so a list of a million is refused at once.
    """
    while is_list(value) and len(value) == 1:  # 1×28×28
        (value,) = value
    if not is_list(value) or len(value) not in LIST_SIDES:
        raise wrong_shape(value)
    if not is_list(value[0]):
        if len(value) not in SIDE_OF:
            raise wrong_shape(value)
        return value, SIDE_OF[len(value)]
    side = SIDE_OF.get(len(value), len(value))
    width = 1 if len(value) in SIDE_OF else side  # 784×1, or rows
    for number, row in enumerate(value, start=1):
        if not is_list(row) or len(row) != width:
            raise wrong_row(number, row, width)
    flat = list(chain.from_iterable(value))
    return [without_channel(pixel) for pixel in flat] if is_list(flat[0]) else flat, side


def without_channel(pixel: object) -> object:
    """The number in a pixel of one channel (28×28×1); any other value as it is."""
    return pixel[0] if is_list(pixel) and len(pixel) == 1 else pixel


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a list."""
    return isinstance(value, list)


def wrong_shape(value: object) -> PydanticCustomError:
    """The error for a value without the shape of a picture."""
    return problem(f"{SHAPE}; this is {f'a list of {len(value):,}' if is_list(value) else 'no list'}")


def wrong_row(number: int, row: object, side: int) -> PydanticCustomError:
    """The error for a row of the wrong length. number: of the row, from 1."""
    found = f"has {len(row):,} values, not {side}" if is_list(row) else "is no list"
    return problem(f"{SHAPE}; row {number} {found}")


def wrong_pixel(flat: list[Any], side: int) -> PydanticCustomError:
    """The error for the first pixel that is no number in the range."""
    for index, value in enumerate(flat):
        place = f"row {index // side + 1}, column {index % side + 1}"
        if isinstance(value, list) and value and not isinstance(value[0], list):
            return problem(f"must have one channel; {place} is a list of {len(value):,}: send its grey value")
        if type(value) not in NUMBERS:
            return problem(f"must be numbers; {place} is {named(value)}")
        if not 0 <= value <= 255:
            return problem(f"must be numbers 0–255, or 0–1 (undo a normalisation); {place} is {shortly(value)}")
    return problem(SHAPE)


def named(value: object) -> str:
    """JSON's name for a value that is no number."""
    return {bool: "true or false", str: "text", dict: "an object", list: "a list", type(None): "null"}[type(value)]


def shortly(value: float) -> str:
    """The number in a few characters, even when it has many digits."""
    try:
        return f"{value:.6g}"
    except OverflowError:  # an integer beyond every float
        return "a number of hundreds of digits"


def problem(message: str) -> PydanticCustomError:
    """The error that pydantic reports with the field's name."""
    return PydanticCustomError("pixels", message)


def layouts(side: int) -> list[dict[str, Any]]:
    """JSON schemas of the shapes for a picture of side × side pixels."""
    number = {"type": "number", "minimum": 0, "maximum": 255}

    def many(items: dict[str, Any], count: int) -> dict[str, Any]:
        return {"type": "array", "minItems": count, "maxItems": count, "items": items}

    rows = many(many(number, side), side)
    return [rows, many(number, side * side), many(many(many(number, 1), side), side), many(rows, 1)]


JSON_SCHEMA = {"anyOf": [layout for side in SIDES for layout in layouts(side)]}
