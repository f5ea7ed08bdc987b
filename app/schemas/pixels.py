"""Pixels as people have them → rows of bytes: nested or flat lists, 0–255 or 0–1, integers or fractions."""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import Any, TypeGuard

import numpy as np
from pydantic import ValidationInfo
from pydantic_core import PydanticCustomError

SIDES = (28, 32)
SIDE_OF = {side * side: side for side in SIDES}  # by the length of a flat list
LIST_SIDES = frozenset((*SIDES, *SIDE_OF))
NUMBERS = {int, float}
INK = bytes.maketrans(b"\0\1", b"\0\xff")  # 1 of a range 0–1 is what 255 is of 0–255
NO_BOOLS = object()  # the context of a validation of JSON in which neither `true` nor `false` stands
SHAPE = "must be 28×28 or 32×32 numbers, as rows or as one flat list"


def read_rows(value: object, info: ValidationInfo) -> list[bytes]:
    """The picture as 28 rows of 28 bytes, or 32 of 32.

    value: 28×28 or 32×32 numbers as rows, as one flat list, or with further dimensions of 1 (28×28×1, 1×28×28).
    Where none of them is above 1, they are of the range 0–1, so that integers 0 and 1 are paper and ink; else they
    are of the range 0–255, and fractions are rounded. Raises PydanticCustomError, which pydantic tells by its field.

    Python takes booleans for integers, and to tell them apart takes half the time; hence the context NO_BOOLS.
    """
    if info.context is NO_BOOLS and is_square(value):
        with suppress(TypeError, ValueError):  # what is no integer 0–255 is looked at below
            rows = list(map(bytes, value))
            is_of_bytes = any(row.translate(None, b"\0\1") for row in rows)
            return rows if is_of_bytes else [row.translate(INK) for row in rows]
    flat, side = flatten(value)
    data = from_numbers(flat, side)
    return [data[start : start + side] for start in range(0, len(data), side)]


def is_square(value: object) -> TypeGuard[list[list[Any]]]:
    """Whether it is a list of 28 or 32 lists, each as long."""
    if not is_list(value) or len(value) not in SIDES:
        return False
    return set(map(type, value)) == {list} and set(map(len, value)) == {len(value)}


def from_numbers(flat: list[Any], side: int) -> bytes:
    """As bytes 0–255, of whichever range the numbers are. Raises PydanticCustomError."""
    if not set(map(type, flat)) <= NUMBERS:
        raise wrong_pixel(flat, side)
    try:
        values = np.array(flat, np.float64)
    except OverflowError:  # an integer beyond every float
        raise wrong_pixel(flat, side) from None
    if not ((values >= 0) & (values <= 255)).all():  # NaN is neither
        raise wrong_pixel(flat, side)
    scale = 255 if values.max() <= 1 else 1
    return np.rint(values * scale).astype(np.uint8).tobytes()


def flatten(value: object) -> tuple[list[Any], int]:
    """The pixels one after the other, and how many make a row. Raises PydanticCustomError for another shape.

    Looks at the lengths of lists before it looks into them: a list of a million is refused at once.
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
    """The one number that a pixel with a dimension for its colours holds (28×28×1)."""
    return pixel[0] if is_list(pixel) and len(pixel) == 1 else pixel


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether it is a list."""
    return isinstance(value, list)


def wrong_shape(value: object) -> PydanticCustomError:
    """What is said of something that has not the shape of a picture."""
    return problem(f"{SHAPE}; this is {f'a list of {len(value):,}' if is_list(value) else 'no list'}")


def wrong_row(number: int, row: object, side: int) -> PydanticCustomError:
    """What is said of the first row that differs."""
    found = f"has {len(row):,} values, not {side}" if is_list(row) else "is no list"
    return problem(f"{SHAPE}; row {number} {found}")


def wrong_pixel(flat: list[Any], side: int) -> PydanticCustomError:
    """What is said of the first pixel that is no number of the range."""
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
    """What a value that is no number is called in JSON."""
    return {bool: "true or false", str: "text", dict: "an object", list: "a list", type(None): "null"}[type(value)]


def shortly(value: float) -> str:
    """The number in few characters, however many digits it has."""
    try:
        return f"{value:.6g}"
    except OverflowError:  # an integer beyond every float
        return "a number of hundreds of digits"


def problem(message: str) -> PydanticCustomError:
    """The error that pydantic tells by its field."""
    return PydanticCustomError("pixels", message)


def layouts(side: int) -> list[dict[str, Any]]:
    """JSON schemas of the shapes that a picture of this side may have."""
    number = {"type": "number", "minimum": 0, "maximum": 255}

    def many(items: dict[str, Any], count: int) -> dict[str, Any]:
        return {"type": "array", "minItems": count, "maxItems": count, "items": items}

    rows = many(many(number, side), side)
    return [rows, many(number, side * side), many(many(many(number, 1), side), side), many(rows, 1)]


JSON_SCHEMA = {"anyOf": [layout for side in SIDES for layout in layouts(side)]}
